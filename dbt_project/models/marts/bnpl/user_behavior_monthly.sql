with customer_months as (

    select * from {{ ref('int_bnpl_customers_by_month') }}

),

final as (

    select
        customer_id,
        month_start,
        region,
        months_since_signup,
        captured_order_count,
        merchant_count,
        recurring_merchant_count,
        credit_order_count,
        online_order_count,
        gmv_amount,
        refunded_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        is_active,
        is_repeating,
        is_complete_period
    from customer_months

)

select * from final
