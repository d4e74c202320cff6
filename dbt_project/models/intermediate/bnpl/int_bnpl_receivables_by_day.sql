{{ config(materialized='table') }}

{%- set balances = [
    'principal_amount', 'principal_repaid_amount', 'principal_refunded_amount',
    'written_off_amount', 'recovered_amount', 'outstanding_amount',
    'interest_receivable_amount', 'interest_ahead_amount', 'fee_receivable_amount',
    'credit_balance_amount', 'receivable_amount',
] %}

with movements as (

    select * from {{ ref('int_bnpl_movements_by_day') }}

),

days as (

    {{ day_spine('bnpl') }}

),

plan_types as (

    select distinct plan_type from movements

),

-- A balance is all that moved until the end of the day.
final as (

    select
        days.date_day,
        days.month_start,
        plan_types.plan_type,
        {%- set until = ' over (partition by plan_types.plan_type order by days.date_day'
            ~ ' rows between unbounded preceding and current row)' %}
        {%- for balance in balances %}
        {{ money('sum(coalesce(movements.' ~ balance ~ ', 0))' ~ until) }} as {{ balance }},
        {%- endfor %}
        cast(sum(coalesce(movements.active_plan_count, 0)){{ until }} as bigint)
            as active_plan_count,
        cast(sum(coalesce(movements.active_customer_count, 0)){{ until }} as bigint)
            as active_customer_count
    from days
    cross join plan_types
    left join movements
        on
            days.date_day = movements.date_day
            and plan_types.plan_type = movements.plan_type

)

select * from final
