{{ config(materialized='table') }}

with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

looked_at as (

    select
        plans.plan_id,
        plans.order_id,
        plans.plan_type,
        plans.activated_month,
        plans.principal_amount,
        plans.first_due_date,
        plans.first_payment_judged_date as looked_at_date
    from plans
    where plans.first_due_date is not null

),

{{ plans_aged('looked_at') }},

-- Once 30 days have passed since the first instalment after checkout was due, it is unpaid if the
-- plan is 30 days past due, or was given up even earlier. A plan that was refunded by then tells
-- nothing; one in dispute is not late as long as the dispute is open.
final as (

    select
        looked_at.plan_id,
        looked_at.plan_type,
        looked_at.principal_amount,
        coalesce(aged.plan_id is not null and not aged.is_refunded, false) as is_judged,
        coalesce(
            not aged.is_refunded and (aged.days_past_due >= 30 or aged.is_written_off), false
        ) as is_first_payment_default,
        -- Of a refunded plan nothing is left to wait for.
        aged.plan_id is not null as is_decided,
        looked_at.activated_month,
        looked_at.first_due_date,
        looked_at.looked_at_date as judged_date
    from looked_at
    left join aged
        on looked_at.plan_id = aged.plan_id

)

select * from final
