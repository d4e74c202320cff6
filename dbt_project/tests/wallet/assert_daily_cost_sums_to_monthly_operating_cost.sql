-- A month's operating cost is shared equally by its days and each share rounded to the cent: 31
-- days may be off by 31 half cents. Complete months only, as a running month lacks days.
with daily_metrics as (

    select * from {{ ref('daily_metrics') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

daily_sums as (

    select
        {{ month_start('date') }} as month_start,
        sum(cost) as cost_amount,
        count(*) as day_count
    from daily_metrics
    group by {{ month_start('date') }}

)

select
    monthly_metrics.month_start,
    monthly_metrics.operating_cost_amount,
    daily_sums.cost_amount
from monthly_metrics
inner join daily_sums
    on monthly_metrics.month_start = daily_sums.month_start
where
    monthly_metrics.is_complete_period
    -- The launch month may begin on any day.
    and daily_sums.day_count
    = extract(day from {{ last_day_of_month('monthly_metrics.month_start') }})
    and abs(monthly_metrics.operating_cost_amount - daily_sums.cost_amount) > 0.16
