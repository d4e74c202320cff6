with customers as (

    select * from {{ ref('int_microfinance_customers_profiled') }}

),

final as (

    select
        customer_id,
        branch_name,
        region,
        risk_grade,
        gender,
        age_band,
        account_count,
        loan_count,
        investment_count,
        is_active,
        loan_count > 0 as is_borrower,
        investment_count > 0 as is_investor,
        signup_date,
        cohort_month,
        first_loan_date,
        last_activity_date
    from customers

)

select * from final
