with events as (

    select * from {{ ref('stg_bnpl__audit_log') }}

),

-- An order has the sum of its refunds; the day of each is that of its event.
final as (

    select
        audit_event_id as refund_id,
        entity_id as order_id,
        {{ money('amount') }} as refunded_amount,
        occurred_date as refunded_date
    from events
    where
        entity = 'orders'
        and event_type = 'REFUNDED'
        and occurred_date <= {{ as_of_date('bnpl') }}

)

select * from final
