with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_daily') }}

),

errors as (

    select
        transaction_date,
        coalesce(error_code, 'UNKNOWN') as error_code,
        cast(count(*) as bigint) as failed_transaction_count,
        {{ money('sum(amount)') }} as failed_amount
    from transactions
    where is_failed
    group by transaction_date, coalesce(error_code, 'UNKNOWN')

),

error_codes as (

    select distinct error_code
    from errors

),

-- Every error that ever occurred has a row on every day with transactions: a rate over several days
-- is over all of their transactions.
final as (

    select
        metrics.date_day as error_date,
        error_codes.error_code,
        coalesce(errors.failed_transaction_count, 0) as failed_transaction_count,
        coalesce(errors.failed_amount, 0) as failed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        metrics.transaction_count,
        {{ ratio('coalesce(errors.failed_transaction_count, 0)', 'metrics.transaction_count') }}
            as error_rate,
        {{ is_period_over('month', 'metrics.date_day', as_of_date('wallet')) }}
            as is_complete_month
    from metrics
    cross join error_codes
    left join errors
        on
            metrics.date_day = errors.transaction_date
            and error_codes.error_code = errors.error_code
    where metrics.transaction_count > 0

)

select * from final
