with months as (

    select * from {{ ref('int_projection_months') }}
    where is_last_origin

),

final as (

    select
        scenario,
        method,
        month_start,
        month_number,
        projected_new_user_count,
        projected_mau,
        projected_transaction_count,
        volume_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        bank_fee_amount,
        revenue_amount,
        cost_amount,
        burn_amount,
        closing_cash_amount,
        runway_months
    from months

)

select * from final
