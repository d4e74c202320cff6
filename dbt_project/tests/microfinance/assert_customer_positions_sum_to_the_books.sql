-- What customers have and owe is what the institution owes and has: deposits, investments and loans
-- of all customers sum to the books of the as-of day. What is left of customers whom a purge has
-- anonymised is in the books, and of nobody.
{{ config(tags=['exact_values']) }}

with customers as (

    select * from {{ ref('customer_financial_summary') }}

),

financial_health as (

    select * from {{ ref('financial_health_monthly') }}

),

maturities as (

    select * from {{ ref('investment_maturity_calendar') }}

),

entries as (

    select * from {{ ref('int_account_entries_signed') }}

),

investments as (

    select * from {{ ref('int_investments_enriched') }}

),

loans as (

    select * from {{ ref('dim_loans') }}

),

anonymised as (

    select
        customer_id,
        signed_amount as deposit_amount,
        0 as invested_amount,
        0 as outstanding_amount
    from entries
    where is_until_as_of_date and {{ is_anonymised('customer_id') }}
    union all
    select
        customer_id,
        0 as deposit_amount,
        amount as invested_amount,
        0 as outstanding_amount
    from investments
    where is_held and {{ is_anonymised('customer_id') }}
    union all
    select
        customer_id,
        0 as deposit_amount,
        0 as invested_amount,
        outstanding_amount
    from loans
    where {{ is_anonymised('customer_id') }}

),

-- A customer's own row may bear the same token: its positions are among the customers'.
positions as (

    select
        sum(held.deposit_amount) as deposit_amount,
        sum(held.invested_amount) as invested_amount,
        sum(held.outstanding_amount) as outstanding_amount
    from (
        select
            deposit_amount,
            invested_amount,
            outstanding_amount
        from customers
        union all
        select
            anonymised.deposit_amount,
            anonymised.invested_amount,
            anonymised.outstanding_amount
        from anonymised
        left join customers
            on anonymised.customer_id = customers.customer_id
        where customers.customer_id is null
    ) as held

),

calendar as (

    select coalesce(sum(invested_amount), 0) as invested_amount
    from maturities

)

select
    financial_health.month_start,
    positions.deposit_amount,
    positions.invested_amount,
    positions.outstanding_amount
from financial_health
cross join positions
cross join calendar
where
    financial_health.snapshot_date = {{ as_of_date('microfinance') }}
    and (
        financial_health.deposit_amount <> positions.deposit_amount
        or financial_health.investment_aum_amount <> positions.invested_amount
        or financial_health.investment_aum_amount <> calendar.invested_amount
        or financial_health.gross_portfolio_amount <> positions.outstanding_amount
    )
