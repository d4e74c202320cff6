-- The loan book ties out, loan by loan: what the source's own rows say was disbursed, repaid and
-- written off leaves exactly the outstanding principal of the marts.
with loans as (

    select * from {{ ref('stg_microfinance__loans') }}

),

repayments as (

    select * from {{ ref('stg_microfinance__loan_repayments') }}

),

dim_loans as (

    select * from {{ ref('dim_loans') }}

),

repaid as (

    select
        loans.loan_id,
        sum(repayments.principal_amount) as principal_amount
    from loans
    inner join repayments
        on loans.loan_id = repayments.loan_id
    where
        repayments.is_active
        and repayments.payment_date <= {{ as_of_date('microfinance') }}
        and (
            loans.written_off_date is null
            or repayments.payment_date <= loans.written_off_date
        )
    group by loans.loan_id

),

expected as (

    select
        loans.loan_id,
        loans.approved_amount
        - coalesce(repaid.principal_amount, 0)
        - case
            when loans.written_off_date <= {{ as_of_date('microfinance') }}
                then loans.written_off_amount
            else 0
        end as outstanding_amount
    from loans
    left join repaid
        on loans.loan_id = repaid.loan_id
    where
        loans.is_active
        and loans.disbursed_date <= {{ as_of_date('microfinance') }}

)

select
    coalesce(expected.loan_id, dim_loans.loan_id) as loan_id,
    expected.outstanding_amount as expected_amount,
    dim_loans.outstanding_amount
from expected
full outer join dim_loans
    on expected.loan_id = dim_loans.loan_id
where
    expected.loan_id is null
    or dim_loans.loan_id is null
    or expected.outstanding_amount <> dim_loans.outstanding_amount
