{{ config(materialized='table') }}

with assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

month_ends as (

    select * from {{ ref('int_bnpl_month_ends') }}

),

owed as (

    select
        month_start,
        customer_id,
        sum(outstanding_amount) as outstanding_amount
    from statuses
    where is_active
    group by month_start, customer_id

),

-- The limit in force on the day. Who has none, or one of 0, is in neither sum.
limited as (

    select
        month_ends.month_start,
        assessments.customer_id,
        assessments.approved_limit_amount
    from month_ends
    inner join assessments
        on
            month_ends.snapshot_date >= assessments.assessed_date
            and (
                assessments.next_decided_date is null
                or month_ends.snapshot_date < assessments.next_decided_date
            )
    where
        assessments.is_decided
        and assessments.approved_limit_amount > 0

),

final as (

    select
        limited.month_start,
        cast(count(*) as bigint) as limited_customer_count,
        {{ money('sum(limited.approved_limit_amount)') }} as credit_limit_amount,
        {{ money('sum(owed.outstanding_amount)') }} as limit_used_amount
    from limited
    left join owed
        on
            limited.month_start = owed.month_start
            and limited.customer_id = owed.customer_id
    group by limited.month_start

)

select * from final
