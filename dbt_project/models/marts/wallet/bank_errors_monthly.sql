with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

bank_months as (

    select * from {{ ref('int_bank_months') }}

),

banks as (

    select distinct bank_code
    from bank_months

),

errors as (

    select
        coalesce(banks.bank_code, 'UNASSIGNED') as bank_code,
        transactions.transaction_month,
        coalesce(transactions.error_code, 'UNKNOWN') as error_code,
        cast(count(*) as bigint) as failed_transaction_count,
        {{ money('sum(transactions.amount)') }} as failed_amount
    from transactions
    left join banks
        on transactions.bank_code = banks.bank_code
    where transactions.is_failed
    group by
        coalesce(banks.bank_code, 'UNASSIGNED'),
        transactions.transaction_month,
        coalesce(transactions.error_code, 'UNKNOWN')

),

error_codes as (

    select distinct error_code
    from errors

),

final as (

    select
        bank_months.bank_code,
        bank_months.bank_name,
        bank_months.month_start,
        error_codes.error_code,
        bank_months.is_complete_period,
        coalesce(errors.failed_transaction_count, 0) as failed_transaction_count,
        coalesce(errors.failed_amount, 0) as failed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        bank_months.transaction_count,
        {{ ratio('coalesce(errors.failed_transaction_count, 0)', 'bank_months.transaction_count') }}
            as error_rate
    from bank_months
    cross join error_codes
    left join errors
        on
            bank_months.bank_code = errors.bank_code
            and bank_months.month_start = errors.transaction_month
            and error_codes.error_code = errors.error_code
    where bank_months.transaction_count > 0

)

select * from final
