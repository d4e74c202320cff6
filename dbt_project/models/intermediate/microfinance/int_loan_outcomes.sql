{{ config(materialized='table') }}

with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

versions as (

    select * from {{ ref('int_loan_schedule_versions') }}

),

received as (

    select
        loan_id,
        cast(count(*) as bigint) as repayment_count,
        sum(case when not is_recovery then principal_amount else 0 end)
            as principal_repaid_amount,
        sum(case when not is_recovery then interest_amount else 0 end) as interest_received_amount,
        sum(penalty_amount) as penalty_received_amount,
        sum(case when is_recovery then amount - penalty_amount else 0 end) as recovered_amount,
        max(payment_date) as last_payment_date
    from repayments
    group by loan_id

),

running_principal as (

    select
        loan_id,
        payment_date,
        sum(principal_amount) over (
            partition by loan_id order by payment_date, repayment_id
        ) as principal_repaid_amount
    from repayments
    where not is_recovery

),

payoffs as (

    select
        running_principal.loan_id,
        min(running_principal.payment_date) as paid_off_date
    from running_principal
    inner join loans
        on running_principal.loan_id = loans.loan_id
    where running_principal.principal_repaid_amount >= loans.disbursed_amount
    group by running_principal.loan_id

),

restructurings as (

    select
        loan_id,
        max(effective_date) as restructured_date
    from versions
    where not is_first_version
    group by loan_id

),

final as (

    select
        loans.loan_id,
        coalesce(received.repayment_count, 0) as repayment_count,
        {{ money('received.principal_repaid_amount') }} as principal_repaid_amount,
        {{ money('received.interest_received_amount') }} as interest_received_amount,
        {{ money('received.penalty_received_amount') }} as penalty_received_amount,
        {{ money('received.recovered_amount') }} as recovered_amount,
        received.last_payment_date,
        restructurings.restructured_date,
        payoffs.paid_off_date,
        -- The day after which no instalment falls due any more.
        least(
            coalesce(payoffs.paid_off_date, loans.written_off_date),
            coalesce(loans.written_off_date, payoffs.paid_off_date)
        ) as closed_date
    from loans
    left join received
        on loans.loan_id = received.loan_id
    left join payoffs
        on loans.loan_id = payoffs.loan_id
    left join restructurings
        on loans.loan_id = restructurings.loan_id

)

select * from final
