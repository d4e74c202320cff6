{{ config(materialized='table') }}

with plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

-- What is known on the as-of day: an activation or a write-off after it has not happened yet.
known as (

    select
        plan_id,
        order_id,
        customer_id,
        plan_type,
        plan_status,
        principal_amount,
        contract_apr,
        term_months,
        installment_count,
        created_date,
        case
            when activated_date <= {{ as_of_date('bnpl') }} then activated_date
        end as activated_date,
        case
            when written_off_date <= {{ as_of_date('bnpl') }} then written_off_date
        end as written_off_date
    from plans
    where created_date <= {{ as_of_date('bnpl') }}

),

-- Of the schedule as signed: the first instalment that is not paid at checkout.
first_due as (

    select
        known.plan_id,
        min(installments.due_date) as first_due_date
    from known
    inner join installments
        on
            known.plan_id = installments.plan_id
            and known.activated_date < installments.due_date
    where installments.schedule_version = 1
    group by known.plan_id

),

final as (

    select
        known.plan_id,
        known.order_id,
        known.customer_id,
        orders.merchant_id,
        known.plan_type,
        known.plan_status,
        -- By the score that the credit was given on, whatever the score is today.
        coalesce(assessments.score_band, 'UNSCORED') as score_band,
        known.principal_amount,
        orders.commission_amount,
        known.contract_apr,
        known.term_months,
        known.installment_count,
        known.activated_date is not null as is_activated,
        known.created_date,
        known.activated_date,
        {{ month_start('known.activated_date') }} as activated_month,
        first_due.first_due_date,
        {{ add_days('first_due.first_due_date', 30) }} as first_payment_judged_date,
        known.written_off_date
    from known
    inner join orders
        on known.order_id = orders.order_id
    left join first_due
        on known.plan_id = first_due.plan_id
    left join assessments
        on
            known.customer_id = assessments.customer_id
            and known.activated_date >= assessments.assessed_date
            and (
                assessments.next_assessed_date is null
                or known.activated_date < assessments.next_assessed_date
            )

)

select * from final
