{{ config(materialized='table') }}

-- Months before and at the origin whose spend and sign-ups say what a new user costs.
{%- set cac_months = var('wallet_projection_cac_months') %}

with metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}
    where is_complete_period

),

assumptions as (

    select * from {{ ref('projection_assumptions') }}

),

months as (

    select
        month_start,
        months_since_launch,
        mau,
        completed_transaction_count,
        completed_amount,
        coalesce(bank_fee_amount, 0) as bank_fee_amount,
        -- COGS come back as the scenario's variable cost per transaction.
        coalesce(operating_cost_amount - cogs_amount, 0) as fixed_cost_amount,
        coalesce(marketing_spend_amount, 0) as marketing_spend_amount,
        month_start = max(month_start) over () as is_last_origin,
        burn_total_amount,
        coalesce(burn_total_amount, 0) as burnt_amount,
        sum(coalesce(burn_total_amount, 0)) over (
            order by month_start
            rows between unbounded preceding and current row
        ) as burnt_so_far_amount,
        sum(marketing_spend_amount) over (
            order by month_start
            rows between {{ cac_months - 1 }} preceding and current row
        ) as acquisition_spend_amount,
        sum(new_user_count) over (
            order by month_start
            rows between {{ cac_months - 1 }} preceding and current row
        ) as acquired_user_count
    from metrics

),

-- The opening cash is of a month, or else of the last complete one.
opening as (

    select
        assumptions.scenario,
        assumptions.opening_cash_amount,
        coalesce(sum(months.burnt_amount), 0) as burnt_before_amount
    from assumptions
    left join months
        on
            assumptions.as_of_month is null
            or assumptions.as_of_month >= months.month_start
    group by assumptions.scenario, assumptions.opening_cash_amount

),

-- Every complete month after it has burnt some of that cash, and the months up to it had burnt
-- theirs: before them there was more.
final as (

    select
        months.month_start as origin_month,
        opening.scenario,
        months.is_last_origin,
        months.months_since_launch,
        cast(
            opening.opening_cash_amount + opening.burnt_before_amount - months.burnt_so_far_amount
            as numeric(20, 2)
        ) as cash_amount,
        months.burn_total_amount as burn_amount,
        months.mau,
        months.completed_transaction_count,
        months.completed_amount,
        cast(months.bank_fee_amount as numeric(20, 2)) as bank_fee_amount,
        cast(months.fixed_cost_amount as numeric(20, 2)) as fixed_cost_amount,
        cast(months.marketing_spend_amount as numeric(20, 2)) as marketing_spend_amount,
        cast(months.acquisition_spend_amount as numeric(20, 2)) as acquisition_spend_amount,
        cast(months.acquired_user_count as bigint) as acquired_user_count
    from months
    cross join opening

)

select * from final
