{{ config(materialized='table') }}

with loans as (

    select * from {{ ref('stg_microfinance__loans') }}

),

products as (

    select * from {{ ref('stg_microfinance__loan_products') }}

),

branches as (

    select * from {{ ref('stg_microfinance__branches') }}

),

-- Loans whose money was paid out by the as-of day. A write-off after that day is not known yet.
final as (

    select
        loans.loan_id,
        loans.customer_id,
        loans.loan_number,
        products.loan_product,
        products.loan_product_name,
        coalesce(branches.branch_name, 'UNASSIGNED') as branch_name,
        coalesce(branches.region, 'UNASSIGNED') as region,
        loans.loan_status,
        loans.approved_amount as disbursed_amount,
        loans.interest_rate,
        loans.processing_fee_amount,
        loans.repayment_months,
        case
            when loans.written_off_date <= {{ as_of_date('microfinance') }}
                then loans.written_off_amount
        end as written_off_amount,
        products.is_secured,
        loans.application_date,
        loans.disbursed_date,
        {{ month_start('loans.disbursed_date') }} as disbursed_month,
        loans.maturity_date,
        case
            when loans.written_off_date <= {{ as_of_date('microfinance') }}
                then loans.written_off_date
        end as written_off_date
    from loans
    inner join products
        on loans.loan_product_id = products.loan_product_id
    left join branches
        on loans.branch_id = branches.branch_id
    where
        loans.is_active
        and loans.disbursed_date <= {{ as_of_date('microfinance') }}

)

select * from final
