{{ config(materialized='table') }}

with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

installments as (

    select * from {{ ref('int_bnpl_installments_covered') }}

),

first_payments as (

    select * from {{ ref('int_bnpl_first_payments_judged') }}

),

statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

latest as (

    select *
    from positions
    where next_position_date is null

),

-- The last snapshot is that of the as-of day.
latest_statuses as (

    select *
    from statuses
    where snapshot_date = {{ as_of_date('bnpl') }}

),

-- A charge-back may open a plan again that was paid in full.
last_active as (

    select
        plan_id,
        max(position_date) as last_active_position_date
    from positions
    where is_active
    group by plan_id

),

ended as (

    select
        positions.plan_id,
        min(positions.position_date) as ended_date
    from positions
    left join last_active
        on positions.plan_id = last_active.plan_id
    where
        last_active.plan_id is null
        or positions.position_date > last_active.last_active_position_date
    group by positions.plan_id

),

schedules as (

    select
        plan_id,
        max(schedule_version) as schedule_version,
        max(case when is_in_force then due_date end) as last_due_date
    from installments
    group by plan_id

),

final as (

    select
        plans.plan_id,
        plans.order_id,
        plans.customer_id,
        plans.merchant_id,
        plans.plan_type,
        plans.score_band,
        case
            when not plans.is_activated then 'NOT_ACTIVATED'
            when latest.is_written_off then 'WRITTEN_OFF'
            when latest.is_refunded then 'REFUNDED'
            when latest.is_active then 'ACTIVE'
            else 'COMPLETED'
        end as plan_state,
        latest_statuses.delinquency_bucket,
        plans.principal_amount,
        plans.contract_apr,
        plans.term_months,
        plans.installment_count,
        {%- for amount in [
            'principal_repaid', 'principal_refunded', 'written_off', 'outstanding',
            'interest_accrued', 'interest_paid', 'interest_receivable', 'interest_ahead',
            'fee_due', 'fee_paid', 'fee_receivable', 'credit_balance', 'receivable',
            'received', 'returned', 'recovered',
        ] %}
        {{ money('latest.' ~ amount ~ '_amount') }} as {{ amount }}_amount,
        {%- endfor %}
        coalesce(latest_statuses.days_past_due, 0) as days_past_due,
        plans.is_activated,
        coalesce(latest.is_active, false) as is_active,
        coalesce(latest_statuses.is_disputed, false) as is_disputed,
        coalesce(latest_statuses.is_in_default, false) as is_in_default,
        coalesce(schedules.schedule_version > 1, false) as is_rescheduled,
        coalesce(first_payments.is_judged, false) as is_first_payment_judged,
        coalesce(first_payments.is_first_payment_default, false) as is_first_payment_default,
        plans.created_date,
        plans.activated_date,
        plans.activated_month,
        plans.first_due_date,
        schedules.last_due_date,
        latest.oldest_unpaid_due_date,
        case when not latest.is_written_off then ended.ended_date end as completed_date,
        plans.written_off_date
    from plans
    left join latest
        on plans.plan_id = latest.plan_id
    left join latest_statuses
        on plans.plan_id = latest_statuses.plan_id
    left join ended
        on plans.plan_id = ended.plan_id
    left join schedules
        on plans.plan_id = schedules.plan_id
    left join first_payments
        on plans.plan_id = first_payments.plan_id

)

select * from final
