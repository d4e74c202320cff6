{{ config(materialized='table') }}

with receivables as (

    select * from {{ ref('int_bnpl_receivables_by_day') }}

),

plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

attempts as (

    select * from {{ ref('int_bnpl_payment_attempts') }}

),

days as (

    {{ day_spine('bnpl') }}

),

owed as (

    select
        date_day,
        sum(active_plan_count) as active_plan_count,
        sum(outstanding_amount) as outstanding_amount,
        sum(receivable_amount) as receivable_amount
    from receivables
    group by date_day

),

activated as (

    select
        activated_date,
        cast(count(*) as bigint) as activated_plan_count,
        sum(principal_amount) as activated_amount
    from plans
    where is_activated
    group by activated_date

),

assessed as (

    select
        assessed_date,
        {{ count_where('is_decided') }} as decided_assessment_count,
        {{ count_where("decision = 'APPROVED'") }} as approved_assessment_count
    from assessments
    group by assessed_date

),

attempted as (

    select
        initiated_date,
        {{ count_where('is_resolved') }} as resolved_attempt_count,
        {{ count_where('is_success') }} as successful_attempt_count
    from attempts
    group by initiated_date

),

final as (

    select
        days.date_day,
        cast(coalesce(owed.active_plan_count, 0) as bigint) as active_plan_count,
        coalesce(activated.activated_plan_count, 0) as activated_plan_count,
        coalesce(assessed.decided_assessment_count, 0) as decided_assessment_count,
        coalesce(assessed.approved_assessment_count, 0) as approved_assessment_count,
        coalesce(attempted.resolved_attempt_count, 0) as resolved_attempt_count,
        coalesce(attempted.successful_attempt_count, 0) as successful_attempt_count,
        {{ money('activated.activated_amount') }} as activated_amount,
        {{ money('owed.outstanding_amount') }} as outstanding_amount,
        {{ money('owed.receivable_amount') }} as receivable_amount
    from days
    left join owed
        on days.date_day = owed.date_day
    left join activated
        on days.date_day = activated.activated_date
    left join assessed
        on days.date_day = assessed.assessed_date
    left join attempted
        on days.date_day = attempted.initiated_date

)

select * from final
