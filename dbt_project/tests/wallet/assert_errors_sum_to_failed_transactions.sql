-- Every FAILED transaction has an error row, if only UNKNOWN.
with errors as (

    select * from {{ ref('transaction_errors_daily') }}

),

daily_metrics as (

    select * from {{ ref('daily_metrics') }}

),

error_sums as (

    select
        error_date,
        sum(failed_transaction_count) as failed_transaction_count
    from errors
    group by error_date

)

select
    daily_metrics.date,
    daily_metrics.failed_transactions,
    error_sums.failed_transaction_count
from daily_metrics
left join error_sums
    on daily_metrics.date = error_sums.error_date
where coalesce(error_sums.failed_transaction_count, 0) <> daily_metrics.failed_transactions
