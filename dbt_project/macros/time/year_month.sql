{#- A date's month as text that sorts: 2024-02-29 -> '2024-02'. -#}
{% macro year_month(date) -%}
    substr(cast(cast({{ date }} as date) as {{ dbt.type_string() }}), 1, 7)
{%- endmacro %}
