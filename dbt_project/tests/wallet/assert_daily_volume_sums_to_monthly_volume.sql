-- The north star by month is the sum of its days, to the cent; so are transactions, revenue and
-- sign-ups, which have no user or median in them.
with daily_metrics as (

    select * from {{ ref('daily_metrics') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

daily_sums as (

    select
        {{ month_start('date') }} as month_start,
        sum(total_volume) as volume_amount,
        sum(total_transactions) as transaction_count,
        sum(revenue) as revenue_amount,
        sum(new_users) as new_user_count
    from daily_metrics
    group by {{ month_start('date') }}

)

select
    monthly_metrics.month_start,
    monthly_metrics.monthly_transaction_volume,
    daily_sums.volume_amount
from monthly_metrics
left join daily_sums
    on monthly_metrics.month_start = daily_sums.month_start
where
    daily_sums.month_start is null
    or monthly_metrics.monthly_transaction_volume <> daily_sums.volume_amount
    or monthly_metrics.transaction_count <> daily_sums.transaction_count
    or monthly_metrics.revenue <> daily_sums.revenue_amount
    or monthly_metrics.new_user_count <> daily_sums.new_user_count
