-- What a merchant's orders came to, less refunds, is settled up to the end of its last settled
-- period; only what came after it waits. An order or a refund that no settlement holds, or one that
-- two hold, breaks it.
{{ config(
    severity='warn',
    meta={'why': 'the settlements are those of the source, and no figure here is made from this sum'}
) }}

with settlements as (

    select
        merchant_id,
        max(period_end_date) as settled_until_date,
        sum(gross_amount - refund_amount) as settled_amount
    from {{ ref('stg_bnpl__settlements') }}
    where period_end_date <= {{ as_of_date('bnpl') }}
    group by merchant_id

),

orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

captured as (

    select
        orders.merchant_id,
        sum(orders.order_amount) as captured_amount
    from orders
    inner join settlements
        on
            orders.merchant_id = settlements.merchant_id
            and orders.captured_date <= settlements.settled_until_date
    group by orders.merchant_id

),

refunded as (

    select
        orders.merchant_id,
        sum(refunds.refunded_amount) as refunded_amount
    from refunds
    inner join orders
        on refunds.order_id = orders.order_id
    inner join settlements
        on
            orders.merchant_id = settlements.merchant_id
            and refunds.refunded_date <= settlements.settled_until_date
    group by orders.merchant_id

)

select
    settlements.merchant_id,
    settlements.settled_amount,
    captured.captured_amount,
    refunded.refunded_amount
from settlements
left join captured
    on settlements.merchant_id = captured.merchant_id
left join refunded
    on settlements.merchant_id = refunded.merchant_id
where
    settlements.settled_amount
    <> coalesce(captured.captured_amount, 0) - coalesce(refunded.refunded_amount, 0)
