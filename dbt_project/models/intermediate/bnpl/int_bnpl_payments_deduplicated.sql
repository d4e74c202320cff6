{{ config(materialized='table') }}

with payments as (

    select * from {{ ref('stg_bnpl__payments') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

-- The lowest attempt that succeeded, else the highest one; of several deliveries of an attempt the
-- first. What was charged back had succeeded before.
ranked as (

    select
        *,
        row_number() over (
            partition by idempotency_key
            order by
                case when payment_status in ('SUCCESS', 'CHARGEBACK') then 0 else 1 end,
                case
                    when payment_status in ('SUCCESS', 'CHARGEBACK') then attempt_number
                    else -attempt_number
                end,
                created_at,
                payment_id
        ) as payment_rank,
        max(attempt_number) over (partition by idempotency_key) as attempt_count
    from payments

),

final as (

    select
        ranked.payment_id,
        ranked.plan_id,
        ranked.installment_id,
        plans.customer_id,
        plans.plan_type,
        ranked.payment_method,
        ranked.payment_status,
        ranked.idempotency_key,
        ranked.provider_reference,
        ranked.amount,
        ranked.attempt_number,
        ranked.attempt_count,
        ranked.initiated_at,
        ranked.settled_at,
        ranked.charged_back_at,
        ranked.initiated_date,
        ranked.settled_date,
        ranked.charged_back_date
    from ranked
    inner join plans
        on ranked.plan_id = plans.plan_id
    where ranked.payment_rank = 1

)

select * from final
