with bank_months as (

    select * from {{ ref('int_bank_months') }}

),

-- Nobody is billed for transactions without a known bank.
billed as (

    select
        *,
        sum(bank_fee_amount) over (
            partition by bank_code
            order by month_start
            rows between unbounded preceding and current row
        ) as billed_amount
    from bank_months
    where bank_code <> 'UNASSIGNED'

),

final as (

    select
        bank_code,
        bank_name,
        month_start,
        is_complete_period,
        is_in_contract,
        cast(billed_amount - bank_fee_amount as numeric(20, 2)) as opening_amount,
        completed_transaction_count,
        volume_amount,
        monthly_fee_amount,
        cast(bank_fee_amount - monthly_fee_amount as numeric(20, 2)) as volume_fee_amount,
        bank_fee_amount as fee_amount,
        cast(billed_amount as numeric(20, 2)) as closing_amount,
        '{{ currency_of("wallet") }}' as currency_code
    from billed

)

select * from final
