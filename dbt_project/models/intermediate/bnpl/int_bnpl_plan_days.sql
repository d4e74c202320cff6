{{ config(materialized='table') }}

{%- set nothing = 'cast(0 as numeric(15, 2))' %}

with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

payments as (

    select * from {{ ref('int_bnpl_payments_deduplicated') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

fees as (

    select * from {{ ref('stg_bnpl__fee_assessments') }}

),

-- Everything that can change what a plan owes. A pending or failed payment never settles.
moved as (

    select
        plan_id,
        activated_date as moved_date,
        {{ nothing }} as received_amount,
        {{ nothing }} as refunded_amount
    from plans

    union all

    select
        plan_id,
        written_off_date as moved_date,
        {{ nothing }} as received_amount,
        {{ nothing }} as refunded_amount
    from plans

    union all

    select
        plan_id,
        settled_date as moved_date,
        amount as received_amount,
        {{ nothing }} as refunded_amount
    from payments

    union all

    select
        plan_id,
        charged_back_date as moved_date,
        -amount as received_amount,
        {{ nothing }} as refunded_amount
    from payments

    union all

    select
        plans.plan_id,
        refunds.refunded_date as moved_date,
        {{ nothing }} as received_amount,
        refunds.refunded_amount
    from refunds
    inner join plans
        on refunds.order_id = plans.order_id

    union all

    -- Interest accrues, and the schedule in force may be another from then on.
    {% for date in ['due_date', 'effective_date'] -%}
    select
        plan_id,
        {{ date }} as moved_date,
        {{ nothing }} as received_amount,
        {{ nothing }} as refunded_amount
    from installments

    union all

    {% endfor -%}
    {% for date in ['assessed_date', 'waived_date'] -%}
    select
        installments.plan_id,
        fees.{{ date }} as moved_date,
        {{ nothing }} as received_amount,
        {{ nothing }} as refunded_amount
    from fees
    inner join installments
        on fees.installment_id = installments.installment_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- What was paid before the plan became active counts from that day on.
by_day as (

    select
        moved.plan_id,
        greatest(moved.moved_date, plans.activated_date) as position_date,
        plans.written_off_date,
        sum(moved.received_amount) as received_amount,
        sum(moved.refunded_amount) as refunded_amount
    from moved
    inner join plans
        on moved.plan_id = plans.plan_id
    where
        plans.is_activated
        and moved.moved_date <= {{ as_of_date('bnpl') }}
    group by
        moved.plan_id,
        greatest(moved.moved_date, plans.activated_date),
        plans.written_off_date

),

-- After a write-off the state of the plan stands still, and all money is recovered.
split as (

    select
        *,
        coalesce(position_date > written_off_date, false) as is_after_write_off
    from by_day

),

final as (

    select
        plan_id,
        {%- set of_plan = 'partition by plan_id order by position_date' %}
        {{ money(
            'sum(case when not is_after_write_off then received_amount end) over ('
            ~ of_plan ~ ' rows between unbounded preceding and current row)') }}
            as received_amount,
        {{ money(
            'sum(case when not is_after_write_off then refunded_amount end) over ('
            ~ of_plan ~ ' rows between unbounded preceding and current row)') }}
            as refunded_amount,
        {{ money(
            'sum(case when is_after_write_off then received_amount end) over ('
            ~ of_plan ~ ' rows between unbounded preceding and current row)') }}
            as recovered_amount,
        not is_after_write_off and refunded_amount > 0 as has_refund,
        is_after_write_off,
        position_date,
        lead(position_date) over ({{ of_plan }}) as next_position_date,
        case when is_after_write_off then written_off_date else position_date end as state_date
    from split

)

select * from final
