with payments as (

    select * from {{ ref('int_bnpl_payments_deduplicated') }}

),

plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

-- As of the day: what arrived or was taken back later had not yet.
known as (

    select
        *,
        case when settled_date <= {{ as_of_date('bnpl') }} then settled_date end
            as known_settled_date,
        case when charged_back_date <= {{ as_of_date('bnpl') }} then charged_back_date end
            as known_charged_back_date
    from payments
    where initiated_date <= {{ as_of_date('bnpl') }}

),

final as (

    select
        known.payment_id,
        known.plan_id,
        known.installment_id,
        known.customer_id,
        known.plan_type,
        known.payment_method,
        case
            when known.known_charged_back_date is not null then 'CHARGEBACK'
            when known.known_settled_date is not null then 'SUCCESS'
            when known.settled_date is not null then 'PENDING'
            else known.payment_status
        end as payment_status,
        known.idempotency_key,
        known.attempt_number,
        known.attempt_count,
        {{ money('known.amount') }} as amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        {{ money('case when known.known_settled_date is not null'
            ~ ' and known.known_charged_back_date is null then known.amount end') }}
            as received_amount,
        coalesce(known.known_settled_date > plans.written_off_date, false) as is_recovery,
        known.initiated_date,
        known.known_settled_date as settled_date,
        known.known_charged_back_date as charged_back_date
    from known
    inner join plans
        on known.plan_id = plans.plan_id

)

select * from final
