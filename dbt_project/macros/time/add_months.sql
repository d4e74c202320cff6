{#- A date so many months later, clipped to the month's end: add_months('2024-01-31', 1)
    -> 2024-02-29. -#}
{% macro add_months(date, months) -%}
    cast({{ dbt.dateadd('month', months, 'cast(' ~ date ~ ' as date)') }} as date)
{%- endmacro %}
