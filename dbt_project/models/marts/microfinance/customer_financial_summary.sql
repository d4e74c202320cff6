with customers as (

    select * from {{ ref('int_microfinance_customers_profiled') }}

),

final as (

    select
        customer_id,
        account_count,
        loan_count,
        open_loan_count,
        held_investment_count,
        deposit_amount,
        invested_amount,
        outstanding_amount,
        {{ money('deposit_amount + invested_amount - outstanding_amount') }}
            as net_position_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        disbursed_amount,
        written_off_amount,
        earnings_paid_amount
    from customers

)

select * from final
