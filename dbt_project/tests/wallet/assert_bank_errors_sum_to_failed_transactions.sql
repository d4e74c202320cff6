-- Every FAILED transaction is an error of one bank, if only of UNASSIGNED.
with bank_errors as (

    select * from {{ ref('bank_errors_monthly') }}

),

bank_months as (

    select * from {{ ref('bank_performance_monthly') }}

),

error_sums as (

    select
        bank_code,
        month_start,
        sum(failed_transaction_count) as failed_transaction_count
    from bank_errors
    group by bank_code, month_start

)

select
    bank_months.bank_code,
    bank_months.month_start,
    bank_months.failed_transaction_count,
    error_sums.failed_transaction_count as counted_failure_count
from bank_months
left join error_sums
    on
        bank_months.bank_code = error_sums.bank_code
        and bank_months.month_start = error_sums.month_start
where coalesce(error_sums.failed_transaction_count, 0) <> bank_months.failed_transaction_count
