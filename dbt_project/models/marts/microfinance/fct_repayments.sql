with repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

loans as (

    select * from {{ ref('int_loans_enriched') }}

),

final as (

    select
        repayments.repayment_id,
        repayments.loan_id,
        repayments.customer_id,
        repayments.payment_id,
        loans.loan_product,
        loans.branch_name,
        repayments.schedule_version,
        repayments.amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        repayments.principal_amount,
        repayments.interest_amount,
        repayments.penalty_amount,
        repayments.is_recovery,
        repayments.payment_date,
        repayments.payment_month,
        repayments.created_at
    from repayments
    inner join loans
        on repayments.loan_id = loans.loan_id

)

select * from final
