{{ config(materialized='table') }}

with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

entries as (

    select * from {{ ref('int_account_entries_signed') }}

),

payments as (

    select * from {{ ref('stg_microfinance__payments') }}

),

customers as (

    select * from {{ ref('stg_microfinance__users') }}

),

days as (

    {{ day_spine('microfinance') }}

),

disbursed as (

    select
        disbursed_date,
        cast(count(*) as bigint) as disbursed_loan_count,
        sum(disbursed_amount) as disbursed_amount
    from loans
    group by disbursed_date

),

collected as (

    select
        payment_date,
        sum(principal_amount + interest_amount) as collected_amount
    from repayments
    where not is_recovery
    group by payment_date

),

moved as (

    select
        transaction_date,
        cast(count(distinct case when is_customer_initiated then account_id end) as bigint)
            as customer_active_account_count
    from entries
    where is_until_as_of_date
    group by transaction_date

),

paid as (

    select
        payment_date,
        cast(count(*) as bigint) as payment_count,
        {{ count_where("payment_status = 'SUCCESS'") }} as successful_payment_count
    from payments
    where is_active
    group by payment_date

),

signups as (

    select
        signup_date,
        cast(count(*) as bigint) as new_customer_count
    from customers
    group by signup_date

),

joined as (

    select
        days.date_day,
        coalesce(disbursed.disbursed_loan_count, 0) as disbursed_loan_count,
        {{ money('disbursed.disbursed_amount') }} as disbursed_amount,
        {{ money('collected.collected_amount') }} as collected_amount,
        coalesce(moved.customer_active_account_count, 0) as customer_active_account_count,
        coalesce(paid.payment_count, 0) as payment_count,
        coalesce(paid.successful_payment_count, 0) as successful_payment_count,
        coalesce(signups.new_customer_count, 0) as new_customer_count
    from days
    left join disbursed
        on days.date_day = disbursed.disbursed_date
    left join collected
        on days.date_day = collected.payment_date
    left join moved
        on days.date_day = moved.transaction_date
    left join paid
        on days.date_day = paid.payment_date
    left join signups
        on days.date_day = signups.signup_date

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(microfinance_kpis(), 'daily')) }}
    from joined

)

select * from final
