-- The snapshot of the as-of day, once more and another way: not by the day each instalment was
-- covered, but by what was paid in all under the last schedule against what had fallen due.
with installments as (

    select * from {{ ref('stg_microfinance__loan_schedules') }}

),

repayments as (

    select * from {{ ref('stg_microfinance__loan_repayments') }}

),

dim_loans as (

    select * from {{ ref('dim_loans') }}

),

last_versions as (

    select
        loan_id,
        max(schedule_version) as schedule_version,
        min(schedule_version) as first_version
    from installments
    where effective_date <= {{ as_of_date('microfinance') }}
    group by loan_id

),

due as (

    select
        installments.loan_id,
        installments.due_date,
        installments.effective_date,
        last_versions.schedule_version = last_versions.first_version as is_first_version,
        sum(installments.principal_due_amount + installments.interest_due_amount) over (
            partition by installments.loan_id
            order by installments.due_date, installments.installment_number
        ) as cumulative_due_amount
    from installments
    inner join last_versions
        on
            installments.loan_id = last_versions.loan_id
            and installments.schedule_version = last_versions.schedule_version

),

terms as (

    select distinct
        loan_id,
        effective_date,
        is_first_version
    from due

),

paid as (

    select
        terms.loan_id,
        coalesce(
            sum(repayments.principal_amount + repayments.interest_amount), 0
        ) as paid_amount
    from terms
    left join repayments
        on
            terms.loan_id = repayments.loan_id
            and repayments.is_active
            and repayments.payment_date <= {{ as_of_date('microfinance') }}
            and (terms.is_first_version or terms.effective_date < repayments.payment_date)
    group by terms.loan_id

),

oldest_unpaid as (

    select
        due.loan_id,
        min(due.due_date) as due_date
    from due
    inner join paid
        on due.loan_id = paid.loan_id
    where
        due.cumulative_due_amount > paid.paid_amount
        and due.due_date < {{ as_of_date('microfinance') }}
    group by due.loan_id

)

select
    dim_loans.loan_id,
    dim_loans.days_past_due,
    oldest_unpaid.due_date
from dim_loans
left join oldest_unpaid
    on dim_loans.loan_id = oldest_unpaid.loan_id
where
    dim_loans.is_active
    and dim_loans.days_past_due <> coalesce(
        {{ days_between('oldest_unpaid.due_date', as_of_date('microfinance')) }}, 0
    )
