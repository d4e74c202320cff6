{{ config(materialized='table') }}

with plan_days as (

    select * from {{ ref('int_bnpl_plan_days') }}

),

plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

installments as (

    select * from {{ ref('int_bnpl_installment_positions') }}

),

states as (

    select
        plan_id,
        position_date as state_date,
        sum(principal_paid_amount) as principal_repaid_amount,
        sum(cut_amount) as principal_refunded_amount,
        max(plan_returned_amount) as returned_amount,
        sum(due_amount) as due_amount,
        sum(paid_amount) as paid_amount,
        sum(case when due_date <= position_date then interest_due_amount else 0 end)
            as interest_accrued_amount,
        sum(interest_paid_amount) as interest_paid_amount,
        sum(case when due_date > position_date then interest_paid_amount else 0 end)
            as interest_ahead_amount,
        sum(fee_due_amount) as fee_due_amount,
        sum(fee_paid_amount) as fee_paid_amount,
        min(case when not is_covered then due_date end) as oldest_unpaid_due_date
    from installments
    group by plan_id, position_date

),

-- A write-off takes what is left of the principal, whatever the source says that it took (a finding
-- where they differ); from that day on nothing is due.
joined as (

    select
        plan_days.plan_id,
        plan_days.position_date,
        plan_days.next_position_date,
        plans.plan_type,
        plans.principal_amount,
        plan_days.received_amount,
        plan_days.refunded_amount,
        plan_days.recovered_amount,
        states.principal_repaid_amount,
        states.principal_refunded_amount,
        states.returned_amount,
        states.interest_accrued_amount,
        states.interest_paid_amount,
        states.interest_ahead_amount,
        states.fee_due_amount,
        states.fee_paid_amount,
        states.due_amount,
        states.oldest_unpaid_due_date,
        coalesce(plan_days.position_date >= plans.written_off_date, false) as is_written_off,
        plan_days.refunded_amount >= plans.principal_amount as is_refunded,
        case
            when plan_days.position_date >= plans.written_off_date
                then
                    plans.principal_amount
                    - states.principal_repaid_amount
                    - states.principal_refunded_amount
            else 0
        end as written_off_amount
    from plan_days
    inner join plans
        on plan_days.plan_id = plans.plan_id
    inner join states
        on
            plan_days.plan_id = states.plan_id
            and plan_days.state_date = states.state_date

),

final as (

    select
        plan_id,
        plan_type,
        {{ money('principal_amount') }} as principal_amount,
        {{ money('received_amount') }} as received_amount,
        {{ money('returned_amount') }} as returned_amount,
        {{ money('recovered_amount') }} as recovered_amount,
        {{ money('principal_repaid_amount') }} as principal_repaid_amount,
        {{ money('principal_refunded_amount') }} as principal_refunded_amount,
        {{ money('written_off_amount') }} as written_off_amount,
        {{ money('principal_amount - principal_repaid_amount - principal_refunded_amount'
            ~ ' - written_off_amount') }} as outstanding_amount,
        {{ money('interest_accrued_amount') }} as interest_accrued_amount,
        {{ money('interest_paid_amount') }} as interest_paid_amount,
        {{ money('fee_due_amount') }} as fee_due_amount,
        {{ money('fee_paid_amount') }} as fee_paid_amount,
        {{ money('case when not is_written_off then'
            ~ ' interest_accrued_amount - interest_paid_amount + interest_ahead_amount end') }}
            as interest_receivable_amount,
        {{ money('case when not is_written_off then interest_ahead_amount end') }}
            as interest_ahead_amount,
        {{ money('case when not is_written_off then fee_due_amount - fee_paid_amount end') }}
            as fee_receivable_amount,
        {{ money('case when not is_written_off then'
            ~ ' greatest(0, received_amount - returned_amount - due_amount) end') }}
            as credit_balance_amount,
        -- As the business defines it, and not as the sum of its parts: they are compared in a test.
        {{ money('case when not is_written_off then principal_amount - principal_refunded_amount'
            ~ ' + interest_accrued_amount + fee_due_amount - received_amount + returned_amount'
            ~ ' end') }} as receivable_amount,
        is_written_off,
        is_refunded,
        not is_written_off
        and not is_refunded
        and principal_amount > principal_repaid_amount + principal_refunded_amount as is_active,
        position_date,
        next_position_date,
        case when not is_written_off then oldest_unpaid_due_date end as oldest_unpaid_due_date
    from joined

)

select * from final
