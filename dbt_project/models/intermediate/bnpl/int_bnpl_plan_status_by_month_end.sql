{{ config(materialized='table') }}

-- What each plan was at each month end since it became active, rebuilt from schedule and payments
-- as they stand now: nothing here depends on the status that the source shows today.
with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

month_ends as (

    select * from {{ ref('int_bnpl_month_ends') }}

),

delinquency_buckets as (

    select * from {{ ref('delinquency_buckets') }}

),

plan_month_ends as (

    select
        plans.plan_id,
        plans.order_id,
        plans.customer_id,
        plans.merchant_id,
        plans.score_band,
        plans.commission_amount,
        plans.activated_month,
        month_ends.month_start,
        month_ends.is_complete_period,
        month_ends.snapshot_date as looked_at_date
    from plans
    inner join month_ends
        on plans.activated_date <= month_ends.snapshot_date

),

{{ plans_aged('plan_month_ends') }},

buckets as (

    select
        delinquency_bucket,
        from_days_past_due,
        lead(from_days_past_due) over (order by from_days_past_due) as next_from_days_past_due
    from delinquency_buckets

),

bucketed as (

    select
        aged.*,
        plan_month_ends.customer_id,
        plan_month_ends.merchant_id,
        plan_month_ends.score_band,
        plan_month_ends.commission_amount,
        plan_month_ends.activated_month,
        plan_month_ends.month_start,
        plan_month_ends.is_complete_period,
        aged.is_written_off or aged.days_past_due >= 90 as is_in_default,
        case
            when aged.is_written_off then 'WRITTEN_OFF'
            when aged.is_refunded then 'REFUNDED'
            when not aged.is_active then 'COMPLETED'
            else buckets.delinquency_bucket
        end as delinquency_bucket
    from aged
    inner join plan_month_ends
        on
            aged.plan_id = plan_month_ends.plan_id
            and aged.looked_at_date = plan_month_ends.looked_at_date
    inner join buckets
        on
            aged.days_past_due >= buckets.from_days_past_due
            and (
                buckets.next_from_days_past_due is null
                or aged.days_past_due < buckets.next_from_days_past_due
            )

),

final as (

    select
        plan_id,
        customer_id,
        merchant_id,
        plan_type,
        score_band,
        delinquency_bucket,
        lag(delinquency_bucket) over (partition by plan_id order by month_start)
            as previous_delinquency_bucket,
        principal_amount,
        principal_repaid_amount,
        principal_refunded_amount,
        written_off_amount,
        recovered_amount,
        outstanding_amount,
        cast(
            lag(outstanding_amount) over (partition by plan_id order by month_start)
            as numeric(20, 2)
        ) as previous_outstanding_amount,
        interest_receivable_amount,
        fee_receivable_amount,
        credit_balance_amount,
        receivable_amount,
        {{ money('commission_amount + interest_accrued_amount + fee_due_amount') }}
            as income_to_date_amount,
        days_past_due,
        {{ months_between('activated_month', 'month_start') }} as months_on_book,
        is_active,
        coalesce(lag(is_active) over (partition by plan_id order by month_start), false)
            as was_active,
        is_disputed,
        is_written_off,
        is_in_default,
        max(case when days_past_due >= 30 then 1 else 0 end) over (
            partition by plan_id order by month_start
            rows between unbounded preceding and current row
        ) = 1 as has_ever_been_30_plus,
        is_complete_period,
        oldest_unpaid_due_date,
        activated_month,
        month_start,
        looked_at_date as snapshot_date
    from bucketed

)

select * from final
