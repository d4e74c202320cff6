with customers as (

    select * from {{ ref('int_microfinance_customers_profiled') }}

),

flagged as (

    select
        *,
        inactive_days <= {{ var('microfinance_dormant_after_days') }}
        and (transaction_count > 0 or loan_count > 0 or investment_count > 0)
            as is_recently_active,
        customer_days <= {{ var('microfinance_new_customer_days') }} as is_new
    from customers

),

-- The first that applies, top down: value counts only while the customer is still there, and
-- nobody whose loan is written off or at least 90 days in arrears is above ENGAGED.
final as (

    select
        customer_id,
        case
            when is_recently_active and is_in_default then 'ENGAGED'
            when is_recently_active and value_tier = 'PLATINUM' then 'PREMIUM'
            when is_recently_active and value_tier = 'GOLD' then 'HIGH_VALUE'
            when not is_in_default and (open_loan_count > 0 or held_investment_count > 0)
                then 'ACTIVE'
            when is_recently_active then 'ENGAGED'
            when is_new then 'NEW'
            else 'DORMANT'
        end as segment,
        value_tier,
        lifetime_value_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        open_loan_count,
        held_investment_count,
        inactive_days,
        customer_days,
        is_recently_active,
        is_new,
        last_activity_date,
        is_in_default
    from flagged

)

select * from final
