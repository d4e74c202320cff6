{{ config(materialized='table') }}

{%- set all_services = "'all_services'" %}

with incidents as (

    select * from {{ ref('stg_wallet__service_incidents') }}

),

days as (

    {{ day_spine('wallet') }}

),

-- Each incident counts for its service and for the platform as a whole.
scoped_incidents as (

    select
        service,
        started_at,
        resolved_at
    from incidents

    union all

    select
        {{ all_services }} as service,
        started_at,
        resolved_at
    from incidents

),

services as (

    select distinct service
    from scoped_incidents

    union

    select {{ all_services }} as service

),

midnights as (

    select
        date_day,
        month_start,
        cast(date_day as timestamp) as midnight,
        cast({{ add_days('date_day', 1) }} as timestamp) as next_midnight
    from days

),

day_bounds as (

    select
        date_day,
        month_start,
        {{ utc_of_local('midnight', 'wallet') }} as day_started_at,
        {{ utc_of_local('next_midnight', 'wallet') }} as day_ended_at
    from midnights

),

-- Intervals clipped to the day, which has 23 or 25 hours when the clocks change; an incident still
-- open lasts to the end of the day.
clipped as (

    select
        scoped_incidents.service,
        day_bounds.date_day,
        greatest(scoped_incidents.started_at, day_bounds.day_started_at) as down_from,
        least(
            coalesce(scoped_incidents.resolved_at, day_bounds.day_ended_at),
            day_bounds.day_ended_at
        ) as down_to
    from scoped_incidents
    inner join day_bounds
        on
            scoped_incidents.started_at < day_bounds.day_ended_at
            and (
                scoped_incidents.resolved_at is null
                or scoped_incidents.resolved_at > day_bounds.day_started_at
            )
    where
        -- Resolved before it began: a clerk's error, no downtime.
        scoped_incidents.resolved_at is null
        or scoped_incidents.resolved_at > scoped_incidents.started_at

),

-- Union of overlapping intervals: each adds only what lies beyond all that began before it.
ordered as (

    select
        service,
        date_day,
        down_from,
        down_to,
        max(down_to) over (
            partition by service, date_day
            order by down_from, down_to
            rows between unbounded preceding and 1 preceding
        ) as covered_to
    from clipped

),

additions as (

    select
        service,
        date_day,
        case
            when covered_to is null or covered_to <= down_from
                then {{ seconds_between('down_from', 'down_to') }}
            when covered_to < down_to
                then {{ seconds_between('covered_to', 'down_to') }}
            else 0
        end as downtime_seconds
    from ordered

),

downtime as (

    select
        service,
        date_day,
        cast(sum(downtime_seconds) as numeric(18, 6)) as downtime_seconds,
        cast(count(*) as bigint) as incident_count
    from additions
    group by service, date_day

),

-- Without any incident ever nobody records them: downtime is unknown, not zero.
evidence as (

    select count(*) > 0 as has_incidents
    from incidents

),

final as (

    select
        services.service,
        day_bounds.date_day,
        day_bounds.month_start,
        cast(
            {{ seconds_between('day_bounds.day_started_at', 'day_bounds.day_ended_at') }} as bigint
        ) as period_seconds,
        {{ where_known(
            'evidence.has_incidents', 'coalesce(downtime.downtime_seconds, 0)', 'numeric(18, 6)'
        ) }} as downtime_seconds,
        coalesce(downtime.incident_count, 0) as incident_count
    from day_bounds
    cross join services
    cross join evidence
    left join downtime
        on
            day_bounds.date_day = downtime.date_day
            and services.service = downtime.service

)

select * from final
