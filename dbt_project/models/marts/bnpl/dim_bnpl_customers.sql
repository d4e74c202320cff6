with customers as (

    select * from {{ ref('int_bnpl_customers_profiled') }}

),

final as (

    select
        customer_id,
        region,
        age_band,
        customer_status,
        score_band,
        rewards_tier,
        kyc_level,
        captured_order_count,
        merchant_count,
        credit_limit_amount,
        gmv_amount,
        refunded_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        has_credit_limit,
        is_referred,
        is_premium,
        signup_date,
        cohort_month,
        first_order_date,
        last_order_date
    from customers

)

select * from final
