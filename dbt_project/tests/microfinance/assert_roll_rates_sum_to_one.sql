-- Each bucket goes somewhere, whole: its roll rates sum to 1 (to the eighth decimal of each), and
-- what rolls in a month is the gross portfolio of the month before.
with roll_rates as (

    select * from {{ ref('loan_roll_rates') }}

),

financial_health as (

    select * from {{ ref('financial_health_monthly') }}

),

by_bucket as (

    select
        month_start,
        from_bucket,
        sum(roll_rate) as roll_rate,
        sum(rolled_amount) as rolled_amount,
        max(from_amount) as from_amount
    from roll_rates
    group by month_start, from_bucket

),

by_month as (

    select
        month_start,
        sum(rolled_amount) as rolled_amount
    from roll_rates
    group by month_start

),

portfolios as (

    select
        month_start,
        lag(gross_portfolio_amount, 1, 0) over (order by month_start) as previous_amount
    from financial_health

)

select
    month_start,
    from_bucket,
    roll_rate as found_value
from by_bucket
where
    abs(roll_rate - 1) > 0.0000001
    or rolled_amount <> from_amount

union all

select
    portfolios.month_start,
    'all' as from_bucket,
    by_month.rolled_amount as found_value
from portfolios
left join by_month
    on portfolios.month_start = by_month.month_start
where portfolios.previous_amount <> coalesce(by_month.rolled_amount, 0)
