{{ config(materialized='table') }}

{%- set components = ['fee', 'interest', 'principal'] %}

with plan_days as (

    select * from {{ ref('int_bnpl_plan_days') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

fees as (

    select * from {{ ref('stg_bnpl__fee_assessments') }}

),

payment_allocation as (

    select * from {{ ref('payment_allocation') }}

),

-- The instalments in force on the day; together they are the whole plan. The first version is in
-- force from the beginning.
in_force as (

    select
        plan_days.plan_id,
        plan_days.position_date,
        plan_days.received_amount,
        plan_days.refunded_amount,
        plan_days.has_refund,
        installments.installment_id,
        installments.installment_number,
        installments.due_date,
        installments.principal_amount,
        installments.interest_amount,
        sum(installments.principal_amount) over (
            partition by plan_days.plan_id, plan_days.position_date
            order by installments.due_date desc, installments.installment_number desc
            rows between unbounded preceding and current row
        ) as principal_from_here_amount
    from plan_days
    inner join installments
        on
            plan_days.plan_id = installments.plan_id
            and (
                installments.schedule_version = 1
                or plan_days.position_date >= installments.effective_date
            )
            and (
                installments.superseded_date is null
                or plan_days.position_date < installments.superseded_date
            )
    where not plan_days.is_after_write_off

),

-- A fee is that of its number: a new schedule does not waive it.
fees_by_number as (

    select
        installments.plan_id,
        installments.installment_number,
        fees.fee_amount,
        fees.assessed_date,
        fees.waived_date
    from fees
    inner join installments
        on fees.installment_id = installments.installment_id

),

fees_due as (

    select
        in_force.installment_id,
        in_force.position_date,
        sum(fees_by_number.fee_amount) as fee_due_amount
    from in_force
    inner join fees_by_number
        on
            in_force.plan_id = fees_by_number.plan_id
            and in_force.installment_number = fees_by_number.installment_number
            and in_force.position_date >= fees_by_number.assessed_date
            and (
                fees_by_number.waived_date is null
                or in_force.position_date < fees_by_number.waived_date
            )
    group by in_force.installment_id, in_force.position_date

),

-- Refunds cut the principal from the end.
cut as (

    select
        *,
        greatest(0, least(
            principal_amount, refunded_amount - (principal_from_here_amount - principal_amount)
        )) as cut_amount,
        min(
            case
                when refunded_amount > 0 and refunded_amount >= principal_from_here_amount
                    then position_date
            end
        ) over (
            partition by installment_id order by position_date
            rows between unbounded preceding and current row
        ) as cut_date
    from in_force

),

-- Interest of an instalment that is cut to nothing goes with it, unless it has accrued by then.
due as (

    select
        cut.plan_id,
        cut.position_date,
        cut.installment_id,
        cut.installment_number,
        cut.due_date,
        cut.received_amount,
        cut.refunded_amount,
        cut.has_refund,
        cut.cut_amount,
        cut.cut_date is not null as is_cut,
        coalesce(fees_due.fee_due_amount, 0) as fee_due_amount,
        case when cut.cut_date < cut.due_date then 0 else cut.interest_amount end
            as interest_due_amount,
        cut.principal_amount - cut.cut_amount as principal_due_amount
    from cut
    left join fees_due
        on
            cut.installment_id = fees_due.installment_id
            and cut.position_date = fees_due.position_date

),

summed as (

    select
        *,
        fee_due_amount + interest_due_amount + principal_due_amount as due_amount,
        sum(fee_due_amount + interest_due_amount + principal_due_amount) over (
            partition by plan_id, position_date order by due_date, installment_number
            rows between unbounded preceding and current row
        ) as cumulative_due_amount
    from due

),

plan_totals as (

    select
        plan_id,
        position_date,
        max(received_amount) as received_amount,
        max(refunded_amount) as refunded_amount,
        max(case when has_refund then 1 else 0 end) as has_refund,
        sum(due_amount) as plan_due_amount
    from summed
    group by plan_id, position_date

),

-- On the day of a refund what was paid beyond what is left goes back, and stays with the customer.
returned as (

    select
        plan_id,
        position_date,
        greatest(0, least(refunded_amount, coalesce(
            max(case when has_refund = 1 then received_amount - plan_due_amount end) over (
                partition by plan_id order by position_date
                rows between unbounded preceding and current row
            ),
            0
        ))) as returned_amount
    from plan_totals

),

component_orders as (

    select
        max(case when component = 'fee' then allocation_order end) as fee_order,
        max(case when component = 'interest' then allocation_order end) as interest_order,
        max(case when component = 'principal' then allocation_order end) as principal_order
    from payment_allocation

),

-- Money goes to the instalment that is due first; of it the instalment gets what those before it
-- leave.
allocated as (

    select
        summed.*,
        {%- for component in components %}
        component_orders.{{ component }}_order,
        {%- endfor %}
        returned.returned_amount,
        greatest(0, least(
            summed.due_amount,
            summed.received_amount - returned.returned_amount
            - (summed.cumulative_due_amount - summed.due_amount)
        )) as paid_amount
    from summed
    inner join returned
        on
            summed.plan_id = returned.plan_id
            and summed.position_date = returned.position_date
    cross join component_orders

),

final as (

    select
        installment_id,
        position_date,
        plan_id,
        installment_number,
        {%- for component in components %}
        {{ money(component ~ '_due_amount') }} as {{ component }}_due_amount,
        {%- endfor %}
        {{ money('due_amount') }} as due_amount,
        {%- for component in components %}
        {%- set before = namespace(sum='0') %}
        {%- for other in components if other != component %}
        {%- set before.sum = before.sum ~ ' + case when ' ~ other ~ '_order < ' ~ component
            ~ '_order then ' ~ other ~ '_due_amount else 0 end' %}
        {%- endfor %}
        {{ money('greatest(0, least(' ~ component ~ '_due_amount, paid_amount - ('
            ~ before.sum ~ ')))') }} as {{ component }}_paid_amount,
        {%- endfor %}
        {{ money('paid_amount') }} as paid_amount,
        {{ money('cut_amount') }} as cut_amount,
        {{ money('returned_amount') }} as plan_returned_amount,
        paid_amount >= due_amount as is_covered,
        is_cut,
        due_date,
        lead(position_date) over (
            partition by installment_id order by position_date
        ) as next_position_date
    from allocated

)

select * from final
