with reported as (

    select * from {{ ref('int_bnpl_payments_reported') }}

),

final as (

    select
        customer_id,
        paid_date,
        payment_count,
        paid_amount,
        window_payment_count,
        window_amount,
        threshold_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        is_large,
        is_structuring
    from reported

)

select * from final
