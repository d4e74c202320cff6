-- Each bucket goes somewhere, whole: its roll rates sum to 1 (to the eighth decimal of each), and
-- what rolls in a month is the outstanding principal of the month before, by plan type.
with roll_rates as (

    select * from {{ ref('bnpl_roll_rates') }}

),

performance as (

    select * from {{ ref('plan_performance_monthly') }}

),

by_bucket as (

    select
        month_start,
        plan_type,
        from_bucket,
        sum(roll_rate) as roll_rate,
        sum(rolled_amount) as rolled_amount,
        max(from_amount) as from_amount
    from roll_rates
    group by month_start, plan_type, from_bucket

),

by_month as (

    select
        month_start,
        plan_type,
        sum(rolled_amount) as rolled_amount
    from roll_rates
    group by month_start, plan_type

),

stocks as (

    select
        month_start,
        plan_type,
        lag(outstanding_amount, 1, 0) over (
            partition by plan_type order by month_start
        ) as previous_amount
    from performance

)

select
    month_start,
    plan_type,
    from_bucket,
    roll_rate as found_value
from by_bucket
where
    abs(roll_rate - 1) > 0.0000001
    or rolled_amount <> from_amount

union all

select
    stocks.month_start,
    stocks.plan_type,
    'all' as from_bucket,
    by_month.rolled_amount as found_value
from stocks
left join by_month
    on
        stocks.month_start = by_month.month_start
        and stocks.plan_type = by_month.plan_type
where stocks.previous_amount <> coalesce(by_month.rolled_amount, 0)
