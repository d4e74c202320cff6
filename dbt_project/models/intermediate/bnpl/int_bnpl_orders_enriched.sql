{{ config(materialized='table') }}

with orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

products as (

    select * from {{ ref('stg_bnpl__products') }}

),

categories as (

    select * from {{ ref('stg_bnpl__categories') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

refunded as (

    select
        order_id,
        sum(refunded_amount) as refunded_amount,
        max(refunded_date) as last_refunded_date
    from refunds
    group by order_id

),

disputed as (

    select
        order_id,
        cast(count(*) as bigint) as dispute_count,
        {{ count_where(
            'resolved_date is null or resolved_date > ' ~ as_of_date('bnpl')) }}
            as open_dispute_count
    from disputes
    where opened_date <= {{ as_of_date('bnpl') }}
    group by order_id

),

joined as (

    select
        orders.order_id,
        orders.customer_id,
        orders.merchant_id,
        orders.product_id,
        plans.plan_id,
        merchants.merchant_name,
        -- An order by QR code or virtual card names no product: it is of its merchant's category.
        coalesce(categories.category_name, 'UNASSIGNED') as category_name,
        coalesce(plans.plan_type, 'NONE') as plan_type,
        orders.channel,
        orders.order_status,
        {{ money('orders.order_amount') }} as order_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount,
        merchants.commission_rate,
        coalesce(disputed.dispute_count, 0) as dispute_count,
        coalesce(disputed.open_dispute_count, 0) as open_dispute_count,
        orders.order_date,
        case
            when orders.captured_date <= {{ as_of_date('bnpl') }} then orders.captured_date
        end as captured_date,
        refunded.last_refunded_date
    from orders
    inner join merchants
        on orders.merchant_id = merchants.merchant_id
    left join products
        on orders.product_id = products.product_id
    left join categories
        on coalesce(products.category_id, merchants.category_id) = categories.category_id
    left join plans
        on orders.order_id = plans.order_id
    left join refunded
        on orders.order_id = refunded.order_id
    left join disputed
        on orders.order_id = disputed.order_id
    where orders.order_date <= {{ as_of_date('bnpl') }}

),

final as (

    select
        *,
        captured_date is not null as is_captured,
        {{ month_start('captured_date') }} as captured_month,
        {{ money('order_amount * commission_rate') }} as commission_amount
    from joined

)

select * from final
