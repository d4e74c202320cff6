{#- One row a day of a domain's life, launch to as-of date: date_day, month_start. -#}
{% macro day_spine(domain) -%}
    select
        calendar_days.date_day,
        calendar_days.month_start
    from (select * from {{ ref('int_calendar_days') }}) as calendar_days
    inner join (select * from {{ ref('int_domain_periods') }}) as periods
        on
            calendar_days.date_day >= periods.first_date
            and calendar_days.date_day <= periods.as_of_date
    where periods.domain = '{{ domain }}'
{%- endmacro %}

{#- One row a month of a domain's life, launch to as-of date, the last one possibly incomplete:
    month_start, month_end, is_complete_period, months_since_launch (1 = launch month). -#}
{% macro month_spine(domain) -%}
    select distinct
        calendar_days.month_start,
        calendar_days.month_end,
        calendar_days.month_end <= periods.as_of_date as is_complete_period,
        {{ months_between('periods.launch_month', 'calendar_days.month_start') }}
        + 1 as months_since_launch
    from (select * from {{ ref('int_calendar_days') }}) as calendar_days
    inner join (select * from {{ ref('int_domain_periods') }}) as periods
        on
            calendar_days.month_end >= periods.first_date
            and calendar_days.month_start <= periods.as_of_date
    where periods.domain = '{{ domain }}'
{%- endmacro %}
