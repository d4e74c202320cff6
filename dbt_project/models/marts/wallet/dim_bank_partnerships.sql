with banks as (

    select * from {{ ref('stg_wallet__bank_partnerships') }}

),

bank_months as (

    select * from {{ ref('int_bank_months') }}

),

-- The source keeps totals of its own; they drift, so they are computed from the transactions.
totals as (

    select
        bank_code,
        cast(sum(transaction_count) as bigint) as transaction_count,
        {{ money('sum(volume_amount)') }} as volume_amount,
        max(total_user_count) as user_count
    from bank_months
    group by bank_code

),

final as (

    select
        banks.bank_code,
        banks.bank_name,
        banks.partnership_status,
        banks.monthly_fee_amount,
        banks.transaction_fee_rate,
        '{{ currency_of("wallet") }}' as currency_code,
        coalesce(totals.transaction_count, 0) as transaction_count,
        coalesce(totals.volume_amount, 0) as volume_amount,
        banks.contract_start_date,
        banks.contract_end_date,
        case
            when banks.contract_end_date is not null
                then {{ days_between(as_of_date('wallet'), 'banks.contract_end_date') }}
        end as days_to_contract_end,
        coalesce(totals.user_count, 0) as user_count
    from banks
    left join totals
        on banks.bank_code = totals.bank_code

)

select * from final
