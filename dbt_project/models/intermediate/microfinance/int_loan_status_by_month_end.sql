{{ config(materialized='table') }}

-- What each loan was at each month end, rebuilt from schedule and repayments as they stand now:
-- nothing here depends on the day the model runs, nor on the status the source shows today.
with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

installments as (

    select * from {{ ref('int_loan_installments_covered') }}

),

restructurings as (

    select * from {{ ref('int_loan_restructurings') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

classifications as (

    {{ loan_classes_of('microfinance') }}

),

{{ loan_statuses_by_month_end(carried=['customer_id', 'loan_product', 'branch_name']) }}

select * from final
