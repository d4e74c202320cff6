with customers as (

    select * from {{ ref('int_microfinance_customers_profiled') }}

),

final as (

    select
        customer_id,
        cohort_month,
        interest_received_amount,
        penalty_received_amount,
        processing_fee_amount,
        account_fee_amount,
        lifetime_value_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        customer_days,
        -- Three years at the pace so far; who joined less than 30 days ago counts as a month.
        {{ ratio('lifetime_value_amount * 1095', 'greatest(customer_days, 30)') }}
            as projected_three_year_value,
        value_tier,
        written_off_amount,
        recovered_amount
    from customers

)

select * from final
