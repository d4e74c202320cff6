-- Money by month is money by plan: what was activated, repaid, refunded, written off and recovered
-- in all months is what the plans say, and what the payments say is what the plans received.
{%- set flows = {
    'activated_amount': 'case when activated_date is not null then principal_amount else 0 end',
    'principal_repaid_amount': 'principal_repaid_amount',
    'principal_refunded_amount': 'principal_refunded_amount',
    'interest_paid_amount': 'interest_paid_amount',
    'fee_paid_amount': 'fee_paid_amount',
    'written_off_amount': 'written_off_amount',
    'recovered_amount': 'recovered_amount',
} %}

with plans as (

    select * from {{ ref('fct_payment_plans') }}

),

payments as (

    select * from {{ ref('fct_bnpl_payments') }}

),

performance as (

    select * from {{ ref('plan_performance_monthly') }}

),

sums as (

    {% for flow, of_plan in flows.items() -%}
    select
        '{{ flow }}' as flow,
        (select coalesce(sum({{ of_plan }}), 0) from plans) as plan_amount,
        (select coalesce(sum({{ flow }}), 0) from performance) as other_amount

    union all

    {% endfor -%}
    select
        'received' as flow,
        (select coalesce(sum(received_amount + recovered_amount), 0) from plans) as plan_amount,
        (
            select coalesce(sum(payments.received_amount), 0)
            from payments
            inner join plans
                on payments.plan_id = plans.plan_id
            where plans.activated_date is not null
        ) as other_amount

    union all

    select
        'allocated' as flow,
        (select coalesce(sum(received_amount - returned_amount), 0) from plans) as plan_amount,
        (
            select
                coalesce(sum(
                    principal_repaid_amount + interest_paid_amount + fee_paid_amount
                    + case when written_off_date is null then credit_balance_amount else 0 end
                ), 0)
            from plans
        ) as other_amount

)

select *
from sums
where plan_amount <> other_amount
