-- An order's refunds are the sum of its events REFUNDED. The order is overwritten, the log is not:
-- where they differ one of the two was changed alone, and compliance_findings owns up to it.
with orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

events as (

    select
        entity_id,
        sum(amount) as event_amount,
        max(occurred_date) as refunded_date
    from {{ ref('stg_bnpl__audit_log') }}
    where entity = 'orders' and event_type = 'REFUNDED'
    group by entity_id

),

findings as (

    select * from {{ ref('compliance_findings') }}

)

select
    orders.order_id,
    orders.refunded_amount,
    events.event_amount
from orders
left join events
    on orders.order_id = events.entity_id
left join findings
    on
        orders.order_id = findings.entity_key
        and findings.rule = 'REFUND_WITHOUT_EVENT'
where
    findings.entity_key is null
    and orders.refunded_amount <> coalesce(events.event_amount, 0)
    and coalesce(events.refunded_date, orders.captured_date) <= {{ as_of_date('bnpl') }}
