{{ config(materialized='table') }}

with repayments as (

    select * from {{ ref('stg_microfinance__loan_repayments') }}

),

loans as (

    select * from {{ ref('int_loans_enriched') }}

),

versions as (

    select * from {{ ref('int_loan_schedule_versions') }}

),

-- What was paid on the day of a restructuring made the balance that was rescheduled: it belongs to
-- the schedule before. Paid after a write-off, money is a recovery.
final as (

    select
        repayments.repayment_id,
        repayments.loan_id,
        loans.customer_id,
        repayments.payment_id,
        versions.schedule_version,
        repayments.amount,
        repayments.principal_amount,
        repayments.interest_amount,
        repayments.penalty_amount,
        coalesce(repayments.payment_date > loans.written_off_date, false) as is_recovery,
        repayments.payment_date,
        {{ month_start('repayments.payment_date') }} as payment_month,
        repayments.created_at
    from repayments
    inner join loans
        on repayments.loan_id = loans.loan_id
    left join versions
        on
            repayments.loan_id = versions.loan_id
            and (versions.is_first_version or repayments.payment_date > versions.effective_date)
            and (
                versions.next_effective_date is null
                or repayments.payment_date <= versions.next_effective_date
            )
    where
        repayments.is_active
        and repayments.payment_date <= {{ as_of_date('microfinance') }}

)

select * from final
