-- Money by month is money by loan: disbursements, collections, recoveries and write-offs of all
-- months sum to the loans and repayments they are made of.
{{ config(tags=['exact_values']) }}

with loans as (

    select * from {{ ref('dim_loans') }}

),

repayments as (

    select * from {{ ref('fct_repayments') }}

),

trends as (

    select * from {{ ref('loan_disbursement_trends') }}

),

vintages as (

    select * from {{ ref('loan_vintages') }}

),

collections as (

    select
        written_off_amount,
        collected_amount + penalty_collected_amount + recovered_amount as received_amount
    from {{ ref('collections_monthly') }}

),

sums as (

    select
        'disbursed by product' as flow,
        (select coalesce(sum(disbursed_amount), 0) from loans) as loan_amount,
        (select coalesce(sum(disbursed_amount), 0) from trends) as month_amount

    union all

    select
        'disbursed by vintage' as flow,
        (select coalesce(sum(disbursed_amount), 0) from loans) as loan_amount,
        (
            select coalesce(sum(disbursed_amount), 0) from vintages
            where months_on_book = 0
        ) as month_amount

    union all

    select
        'received' as flow,
        (select coalesce(sum(amount), 0) from repayments) as loan_amount,
        (
            select coalesce(sum(received_amount), 0) from collections
        ) as month_amount

    union all

    select
        'written off' as flow,
        (select coalesce(sum(written_off_amount), 0) from loans) as loan_amount,
        (select coalesce(sum(written_off_amount), 0) from collections) as month_amount

)

select *
from sums
where loan_amount <> month_amount
