{{ config(materialized='table') }}

with installments as (

    select * from {{ ref('stg_microfinance__loan_schedules') }}

),

loans as (

    select * from {{ ref('int_loans_enriched') }}

),

versions as (

    select * from {{ ref('int_loan_schedule_versions') }}

),

repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

outcomes as (

    select * from {{ ref('int_loan_outcomes') }}

),

-- Instalments that a restructuring replaced are soft-deleted in the source: they were in force
-- before it, so they stay.
scheduled as (

    select
        installments.installment_id,
        installments.loan_id,
        installments.schedule_version,
        installments.installment_number,
        installments.principal_due_amount,
        installments.interest_due_amount,
        {{ money('installments.principal_due_amount + installments.interest_due_amount') }}
            as due_amount,
        {{ money(
            'sum(installments.principal_due_amount + installments.interest_due_amount) over ('
            ~ 'partition by installments.loan_id, installments.schedule_version '
            ~ 'order by installments.due_date, installments.installment_number)') }}
            as cumulative_due_amount,
        versions.effective_date,
        versions.next_effective_date,
        installments.due_date
    from installments
    inner join loans
        on installments.loan_id = loans.loan_id
    inner join versions
        on
            installments.loan_id = versions.loan_id
            and installments.schedule_version = versions.schedule_version

),

paid_by_day as (

    select
        loan_id,
        schedule_version,
        payment_date,
        sum(principal_amount + interest_amount) as paid_amount
    from repayments
    where not is_recovery
    group by loan_id, schedule_version, payment_date

),

running_paid as (

    select
        loan_id,
        schedule_version,
        payment_date,
        sum(paid_amount) over (
            partition by loan_id, schedule_version order by payment_date
        ) as cumulative_paid_amount
    from paid_by_day

),

-- First in, first out: an instalment is covered on the day on which all that was paid under its
-- schedule reaches all that fell due up to it.
coverage as (

    {{ covered_dates('scheduled', 'running_paid', ['loan_id', 'schedule_version']) }}

),

-- What had been paid under the schedule by the end of the month in which the instalment is due.
paid_by_month_end as (

    select
        scheduled.installment_id,
        max(running_paid.cumulative_paid_amount) as cumulative_paid_amount
    from scheduled
    inner join running_paid
        on
            scheduled.loan_id = running_paid.loan_id
            and scheduled.schedule_version = running_paid.schedule_version
            and running_paid.payment_date <= {{ last_day_of_month('scheduled.due_date') }}
    group by scheduled.installment_id

),

final as (

    select
        scheduled.installment_id,
        scheduled.loan_id,
        scheduled.schedule_version,
        scheduled.installment_number,
        scheduled.principal_due_amount,
        scheduled.interest_due_amount,
        scheduled.due_amount,
        scheduled.cumulative_due_amount,
        -- Earlier instalments are paid first; of the rest, no more than the instalment itself.
        {{ money(
            'greatest(0, least(scheduled.due_amount, '
            ~ 'coalesce(paid_by_month_end.cumulative_paid_amount, 0)'
            ~ ' - (scheduled.cumulative_due_amount - scheduled.due_amount)))') }}
            as collected_in_due_month_amount,
        -- It fell due if its schedule was in force then, and the loan neither repaid nor written
        -- off before.
        scheduled.due_date <= {{ as_of_date('microfinance') }}
        and (
            scheduled.next_effective_date is null
            or scheduled.due_date <= scheduled.next_effective_date
        )
        and (
            outcomes.closed_date is null
            or scheduled.due_date <= outcomes.closed_date
        ) as has_fallen_due,
        scheduled.effective_date,
        scheduled.next_effective_date,
        scheduled.due_date,
        case
            when scheduled.cumulative_due_amount = 0 then scheduled.effective_date
            else coverage.covered_date
        end as covered_date
    from scheduled
    inner join outcomes
        on scheduled.loan_id = outcomes.loan_id
    left join coverage
        on scheduled.installment_id = coverage.installment_id
    left join paid_by_month_end
        on scheduled.installment_id = paid_by_month_end.installment_id

)

select * from final
