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

-- By how much each balance of a plan moved on the day: summed up to any day it is the balance.
moved as (

    select
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

final as (

    select
        position_date as date_day,
        plan_type,
        {%- for balance in balances %}
        {{ money('sum(' ~ balance ~ ')') }} as {{ balance }},
        {%- endfor %}
        cast(sum(active_plan_count) as bigint) as active_plan_count
    from moved
    group by position_date, plan_type

)

select * from final
