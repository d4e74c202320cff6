{#- The first day of a date's month, as a date: 2024-02-29 -> 2024-02-01. -#}
{% macro month_start(date) -%}
    cast(date_trunc('month', {{ date }}) as date)
{%- endmacro %}
