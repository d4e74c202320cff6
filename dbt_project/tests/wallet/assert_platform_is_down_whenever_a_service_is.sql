-- A day's downtime of the platform is the union over services: at least that of each, at most
-- their sum. Tolerance: a microsecond, to which intervals are measured.
with uptime as (

    select * from {{ ref('service_uptime_daily') }}

),

services as (

    select
        uptime_date,
        max(downtime_seconds) as longest_downtime_seconds,
        sum(downtime_seconds) as total_downtime_seconds
    from uptime
    where service <> 'all_services'
    group by uptime_date

),

platform as (

    select
        uptime_date,
        downtime_seconds
    from uptime
    where service = 'all_services'

)

select
    services.uptime_date,
    platform.downtime_seconds,
    services.longest_downtime_seconds,
    services.total_downtime_seconds
from services
left join platform
    on services.uptime_date = platform.uptime_date
where
    platform.uptime_date is null
    or platform.downtime_seconds < services.longest_downtime_seconds - 0.000001
    or platform.downtime_seconds > services.total_downtime_seconds + 0.000001
