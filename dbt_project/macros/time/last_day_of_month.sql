{#- The last day of a date's month, as a date: 2024-02-10 -> 2024-02-29. -#}
{% macro last_day_of_month(date) -%}
    {{ add_days(add_months(month_start(date), 1), -1) }}
{%- endmacro %}
