{#- Whether the week (Monday to Sunday), month or quarter that a date lies in is over at the end of a
    day: is_period_over('week', '2026-06-03', '2026-06-07') -> true, a Sunday. -#}
{% macro is_period_over(period, date, last_day) -%}
    (
        {%- if period == 'week' -%}
        {{ days_between(date, last_day) }} >= 7 - {{ iso_day_of_week(date) }}
        {%- elif period == 'month' -%}
        {{ last_day_of_month(date) }} <= {{ last_day }}
        {%- else -%}
        {{ add_days(add_months("date_trunc('quarter', " ~ date ~ ")", 3), -1) }} <= {{ last_day }}
        {%- endif -%}
    )
{%- endmacro %}
