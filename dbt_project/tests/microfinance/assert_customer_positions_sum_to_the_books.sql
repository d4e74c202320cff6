-- What customers have and owe is what the institution owes and has: deposits, investments and loans
-- of all customers sum to the books of the as-of day.
with customers as (

    select * from {{ ref('customer_financial_summary') }}

),

financial_health as (

    select * from {{ ref('financial_health_monthly') }}

),

maturities as (

    select * from {{ ref('investment_maturity_calendar') }}

),

positions as (

    select
        sum(deposit_amount) as deposit_amount,
        sum(invested_amount) as invested_amount,
        sum(outstanding_amount) as outstanding_amount
    from customers

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
