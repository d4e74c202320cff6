-- Each scenario opens with its cash less the burn of the complete months since the month it is of.
with projection as (

    select * from {{ ref('financial_projection') }}

),

assumptions as (

    select * from {{ ref('projection_assumptions') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

expected as (

    select
        assumptions.scenario,
        assumptions.opening_cash_amount
        - coalesce(sum(monthly_metrics.burn_total), 0) as opening_cash_amount
    from assumptions
    left join monthly_metrics
        on
            assumptions.as_of_month < monthly_metrics.month_start
            and monthly_metrics.is_complete_period
    group by assumptions.scenario, assumptions.opening_cash_amount

)

select
    projection.scenario,
    projection.method,
    projection.closing_cash_amount,
    projection.burn_amount,
    expected.opening_cash_amount
from projection
inner join expected
    on projection.scenario = expected.scenario
where
    projection.month_number = 1
    and projection.closing_cash_amount + projection.burn_amount <> expected.opening_cash_amount
