-- The calendar has each day of whole years once, from before the first day of every domain to past
-- its as-of date.
with calendar as (

    select
        min(date_day) as first_day,
        max(date_day) as last_day,
        count(*) as day_count
    from {{ ref('int_calendar_days') }}

),

domain_periods as (

    select * from {{ ref('int_domain_periods') }}

)

select
    domain_periods.domain,
    domain_periods.first_date,
    domain_periods.as_of_date,
    calendar.first_day,
    calendar.last_day,
    calendar.day_count
from domain_periods
cross join calendar
where
    domain_periods.first_date < calendar.first_day
    or domain_periods.as_of_date > calendar.last_day
    or calendar.day_count <> {{ days_between('calendar.first_day', 'calendar.last_day') }} + 1
    or calendar.first_day <> cast(date_trunc('year', calendar.first_day) as date)
    or {{ add_days('calendar.last_day', 1) }}
    <> cast(date_trunc('year', {{ add_days('calendar.last_day', 1) }}) as date)
