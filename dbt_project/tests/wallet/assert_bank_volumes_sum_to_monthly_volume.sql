-- Every transaction is one bank's, or UNASSIGNED's: volume, transactions, revenue and fees by bank
-- sum to the month's, to the cent.
with bank_performance as (

    select * from {{ ref('bank_performance_monthly') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

bank_sums as (

    select
        month_start,
        sum(volume_amount) as volume_amount,
        sum(transaction_count) as transaction_count,
        sum(transaction_revenue_amount) as transaction_revenue_amount,
        sum(bank_fee_amount) as bank_fee_amount
    from bank_performance
    group by month_start

)

select
    monthly_metrics.month_start,
    monthly_metrics.monthly_transaction_volume,
    bank_sums.volume_amount
from monthly_metrics
left join bank_sums
    on monthly_metrics.month_start = bank_sums.month_start
where
    bank_sums.month_start is null
    or monthly_metrics.monthly_transaction_volume <> bank_sums.volume_amount
    or monthly_metrics.transaction_count <> bank_sums.transaction_count
    or monthly_metrics.revenue <> bank_sums.transaction_revenue_amount
    or monthly_metrics.bank_fee_amount <> bank_sums.bank_fee_amount
