with payments as (

    select * from {{ ref('stg_bnpl__payments') }}

),

-- As of the day: what was settled later was pending on it.
known as (

    select
        payment_id,
        idempotency_key,
        attempt_number,
        payment_method,
        amount,
        created_at,
        initiated_date,
        case
            when settled_date > {{ as_of_date('bnpl') }} then 'PENDING'
            when settled_date is not null then 'SUCCESS'
            else payment_status
        end as attempt_status
    from payments
    where initiated_date <= {{ as_of_date('bnpl') }}

),

-- Two deliveries of one attempt are one attempt; it succeeded if one of them says so.
numbered as (

    select
        *,
        row_number() over (
            partition by idempotency_key, attempt_number
            order by
                case attempt_status when 'SUCCESS' then 0 when 'FAILED' then 1 else 2 end,
                created_at,
                payment_id
        ) as delivery_number
    from known

),

final as (

    select
        payment_id,
        idempotency_key,
        payment_method,
        attempt_status,
        attempt_number,
        amount,
        attempt_status = 'SUCCESS' as is_success,
        attempt_status in ('SUCCESS', 'FAILED') as is_resolved,
        initiated_date
    from numbered
    where delivery_number = 1

)

select * from final
