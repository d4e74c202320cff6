{{ config(materialized='table') }}

{%- set balances = [
    'principal_amount', 'principal_repaid_amount', 'principal_refunded_amount',
    'written_off_amount', 'recovered_amount', 'outstanding_amount', 'returned_amount',
    'interest_accrued_amount', 'interest_paid_amount', 'interest_receivable_amount',
    'interest_ahead_amount', 'fee_due_amount', 'fee_paid_amount', 'fee_receivable_amount',
    'credit_balance_amount', 'receivable_amount',
] %}

with positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

-- By how much each balance of a plan moved on the day: summed up to any day it is the balance.
moved as (

    select
        plan_id,
        plan_type,
        position_date,
        {%- for balance in balances %}
        {{ balance }} - coalesce(
            lag({{ balance }}) over (partition by plan_id order by position_date), 0
        ) as {{ balance }},
        {%- endfor %}
        case when is_active then 1 else 0 end
        - lag(case when is_active then 1 else 0 end, 1, 0) over (
            partition by plan_id order by position_date
        ) as active_plan_count
    from positions

),

active_plans as (

    select
        moved.plan_type,
        plans.customer_id,
        moved.position_date,
        sum(sum(moved.active_plan_count)) over (
            partition by moved.plan_type, plans.customer_id order by moved.position_date
        ) as active_plan_count
    from moved
    inner join plans
        on moved.plan_id = plans.plan_id
    group by moved.plan_type, plans.customer_id, moved.position_date

),

-- A customer counts from the first of their active plans of the type to the end of the last.
customers as (

    select
        plan_type,
        position_date,
        case when active_plan_count > 0 then 1 else 0 end
        - lag(case when active_plan_count > 0 then 1 else 0 end, 1, 0) over (
            partition by plan_type, customer_id order by position_date
        ) as active_customer_count
    from active_plans

),

moved_customers as (

    select
        plan_type,
        position_date,
        sum(active_customer_count) as active_customer_count
    from customers
    group by plan_type, position_date

),

moved_plans as (

    select
        plan_type,
        position_date,
        {%- for balance in balances %}
        {{ money('sum(' ~ balance ~ ')') }} as {{ balance }},
        {%- endfor %}
        sum(active_plan_count) as active_plan_count
    from moved
    group by position_date, plan_type

),

final as (

    select
        moved_plans.position_date as date_day,
        moved_plans.plan_type,
        {%- for balance in balances %}
        moved_plans.{{ balance }},
        {%- endfor %}
        cast(moved_plans.active_plan_count as bigint) as active_plan_count,
        cast(moved_customers.active_customer_count as bigint) as active_customer_count
    from moved_plans
    inner join moved_customers
        on
            moved_plans.plan_type = moved_customers.plan_type
            and moved_plans.position_date = moved_customers.position_date

)

select * from final
