-- Flagged and confirmed transactions are the same in both fraud marts.
with fraud_daily as (

    select * from {{ ref('fraud_daily') }}

),

sentinel_performance as (

    select * from {{ ref('sentinel_performance') }}

),

daily_sums as (

    select
        {{ month_start('fraud_date') }} as month_start,
        sum(flagged_transaction_count) as flagged_transaction_count,
        sum(fraud_transaction_count) as fraud_transaction_count
    from fraud_daily
    group by {{ month_start('fraud_date') }}

)

select
    sentinel_performance.month_start,
    sentinel_performance.fraud_transaction_count,
    daily_sums.fraud_transaction_count as daily_fraud_transaction_count
from sentinel_performance
left join daily_sums
    on sentinel_performance.month_start = daily_sums.month_start
where
    daily_sums.month_start is null
    or sentinel_performance.flagged_transaction_count <> daily_sums.flagged_transaction_count
    or sentinel_performance.fraud_transaction_count <> daily_sums.fraud_transaction_count
