with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

outcomes as (

    select * from {{ ref('int_loan_outcomes') }}

),

statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

final as (

    select
        loans.loan_id,
        loans.customer_id,
        loans.loan_product,
        loans.loan_product_name,
        loans.branch_name,
        loans.region,
        statuses.ageing_bucket,
        statuses.loan_class,
        loans.disbursed_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        loans.interest_rate,
        loans.repayment_months,
        loans.processing_fee_amount,
        outcomes.repayment_count,
        outcomes.principal_repaid_amount,
        outcomes.interest_received_amount,
        outcomes.penalty_received_amount,
        statuses.outstanding_amount,
        {{ money('loans.written_off_amount') }} as written_off_amount,
        outcomes.recovered_amount,
        statuses.provision_amount,
        statuses.days_past_due,
        statuses.arrears_days,
        loans.is_secured,
        statuses.is_active,
        outcomes.restructured_date is not null as is_restructured,
        statuses.is_awaiting_rehabilitation,
        loans.application_date,
        loans.disbursed_date,
        loans.disbursed_month,
        loans.maturity_date,
        outcomes.last_payment_date,
        outcomes.restructured_date,
        outcomes.paid_off_date,
        loans.written_off_date
    from loans
    inner join outcomes
        on loans.loan_id = outcomes.loan_id
    inner join statuses
        on
            loans.loan_id = statuses.loan_id
            and statuses.snapshot_date = {{ as_of_date('microfinance') }}

)

select * from final
