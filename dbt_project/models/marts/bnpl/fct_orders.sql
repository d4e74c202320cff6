with orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

final as (

    select
        order_id,
        customer_id,
        merchant_id,
        product_id,
        plan_id,
        category_name,
        plan_type,
        channel,
        order_status,
        order_amount,
        refunded_amount,
        {{ money('order_amount - refunded_amount') }} as net_amount,
        commission_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        dispute_count,
        open_dispute_count,
        is_captured,
        order_date,
        captured_date,
        last_refunded_date
    from orders

)

select * from final
