with payments as (

    select * from {{ ref('stg_bnpl__payments') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

-- As of the day: what was settled later was pending on it.
known as (

    select
        payment_id,
        plan_id,
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
        numbered.payment_id,
        plans.customer_id,
        numbered.idempotency_key,
        numbered.payment_method,
        numbered.attempt_status,
        numbered.attempt_number,
        numbered.amount,
        numbered.attempt_status = 'SUCCESS' as is_success,
        numbered.attempt_status in ('SUCCESS', 'FAILED') as is_resolved,
        numbered.initiated_date
    from numbered
    left join plans
        on numbered.plan_id = plans.plan_id
    where numbered.delivery_number = 1

)

select * from final
