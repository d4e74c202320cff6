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

final as (

    select
        errors.transaction_date as error_date,
        errors.error_code,
        errors.failed_transaction_count,
        errors.failed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        metrics.transaction_count,
        {{ ratio('errors.failed_transaction_count', 'metrics.transaction_count') }} as error_rate,
        {{ is_period_over('month', 'errors.transaction_date', as_of_date('wallet')) }}
            as is_complete_month
    from errors
    inner join metrics
        on errors.transaction_date = metrics.date_day

)

select * from final
