-- Each scenario has its 24 months by each method, and the first follows the wallet's last complete
-- month.
with projection as (

    select * from {{ ref('financial_projection') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

last_month as (

    select max(month_start) as month_start
    from monthly_metrics
    where is_complete_period

),

scenarios as (

    select
        scenario,
        method,
        count(*) as month_count,
        min(month_start) as first_month
    from projection
    group by scenario, method

)

select
    scenarios.scenario,
    scenarios.method,
    scenarios.month_count,
    scenarios.first_month
from scenarios
cross join last_month
where
    scenarios.month_count <> 24
    or scenarios.first_month <> {{ add_months('last_month.month_start', 1) }}
