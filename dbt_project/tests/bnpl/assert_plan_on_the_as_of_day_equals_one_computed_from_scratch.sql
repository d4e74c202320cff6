-- The as-of day once more and another way, from the rows of the source: what is due of the last
-- schedule against all that was paid, without a day before. Receivable and days past due, of plans
-- without refund, write-off and dispute.
with plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

payments as (

    select * from {{ ref('int_bnpl_payments_deduplicated') }}

),

fees as (

    select * from {{ ref('stg_bnpl__fee_assessments') }}

),

orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

fct_payment_plans as (

    select * from {{ ref('fct_payment_plans') }}

),

plain as (

    select
        plans.plan_id,
        plans.principal_amount
    from plans
    inner join orders
        on plans.order_id = orders.order_id
    left join disputes
        on plans.order_id = disputes.order_id
    where
        plans.activated_date <= {{ as_of_date('bnpl') }}
        and plans.written_off_date is null
        and orders.refunded_amount = 0
        and disputes.order_id is null

),

last_versions as (

    select
        plain.plan_id,
        max(installments.schedule_version) as schedule_version
    from plain
    inner join installments
        on plain.plan_id = installments.plan_id
    where
        installments.schedule_version = 1
        or installments.effective_date <= {{ as_of_date('bnpl') }}
    group by plain.plan_id

),

fees_due as (

    select
        installments.plan_id,
        installments.installment_number,
        sum(fees.fee_amount) as fee_amount
    from fees
    inner join installments
        on fees.installment_id = installments.installment_id
    where
        fees.assessed_date <= {{ as_of_date('bnpl') }}
        and (fees.waived_date is null or fees.waived_date > {{ as_of_date('bnpl') }})
    group by installments.plan_id, installments.installment_number

),

due as (

    select
        installments.plan_id,
        installments.due_date,
        case
            when installments.due_date <= {{ as_of_date('bnpl') }} then installments.interest_amount
            else 0
        end as accrued_amount,
        coalesce(fees_due.fee_amount, 0) as fee_amount,
        sum(
            installments.principal_amount + installments.interest_amount
            + coalesce(fees_due.fee_amount, 0)
        ) over (
            partition by installments.plan_id
            order by installments.due_date, installments.installment_number
            rows between unbounded preceding and current row
        ) as cumulative_due_amount
    from last_versions
    inner join installments
        on
            last_versions.plan_id = installments.plan_id
            and last_versions.schedule_version = installments.schedule_version
    left join fees_due
        on
            installments.plan_id = fees_due.plan_id
            and installments.installment_number = fees_due.installment_number

),

accrued as (

    select
        plan_id,
        sum(accrued_amount + fee_amount) as accrued_amount
    from due
    group by plan_id

),

paid as (

    select
        plan_id,
        sum(amount) as paid_amount
    from payments
    where
        settled_date <= {{ as_of_date('bnpl') }}
        and (charged_back_date is null or charged_back_date > {{ as_of_date('bnpl') }})
    group by plan_id

),

oldest_unpaid as (

    select
        due.plan_id,
        min(due.due_date) as due_date
    from due
    left join paid
        on due.plan_id = paid.plan_id
    where
        due.cumulative_due_amount > coalesce(paid.paid_amount, 0)
        and due.due_date < {{ as_of_date('bnpl') }}
    group by due.plan_id

),

expected as (

    select
        plain.plan_id,
        plain.principal_amount + accrued.accrued_amount - coalesce(paid.paid_amount, 0)
            as receivable_amount,
        coalesce({{ days_between('oldest_unpaid.due_date', as_of_date('bnpl')) }}, 0)
            as days_past_due
    from plain
    inner join accrued
        on plain.plan_id = accrued.plan_id
    left join paid
        on plain.plan_id = paid.plan_id
    left join oldest_unpaid
        on plain.plan_id = oldest_unpaid.plan_id

)

select
    expected.plan_id,
    expected.receivable_amount as expected_amount,
    fct_payment_plans.receivable_amount,
    expected.days_past_due as expected_days,
    fct_payment_plans.days_past_due
from expected
left join fct_payment_plans
    on expected.plan_id = fct_payment_plans.plan_id
where
    fct_payment_plans.plan_id is null
    or expected.receivable_amount <> fct_payment_plans.receivable_amount
    or (
        fct_payment_plans.is_active
        and expected.days_past_due <> fct_payment_plans.days_past_due
    )
