with rates as (

    select * from {{ ref('int_bnpl_plan_rates') }}

),

final as (

    select
        plan_id,
        customer_id,
        plan_type,
        apr_status,
        {{ money('principal_amount') }} as principal_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        contract_apr,
        nominal_apr,
        effective_apr,
        realised_apr,
        realised_apr_with_fees,
        is_apr_allowed,
        created_date,
        activated_date,
        activated_month
    from rates

)

select * from final
