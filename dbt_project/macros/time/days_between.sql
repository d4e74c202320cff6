{#- Whole days from one date to another: 2024-02-28 to 2024-03-01 -> 2. -#}
{% macro days_between(earlier, later) -%}
    cast({{ dbt.datediff(
        'cast(' ~ earlier ~ ' as date)', 'cast(' ~ later ~ ' as date)', 'day') }} as integer)
{%- endmacro %}
