{{ config(materialized='table') }}

{%- set projected_months = 24 -%}
{%- set double = type_double() -%}
{#- What grows, and by which rates of the assumptions, compounded month by month. -#}
{%- set growths = {
    'user_growth': ['monthly_user_growth_rate'],
    'transaction_growth': ['monthly_user_growth_rate', 'transactions_per_user_growth_rate'],
    'volume_growth': [
        'monthly_user_growth_rate',
        'transactions_per_user_growth_rate',
        'average_amount_growth_rate',
    ],
    'user_transaction_growth': ['transactions_per_user_growth_rate'],
    'user_volume_growth': ['transactions_per_user_growth_rate', 'average_amount_growth_rate'],
    'fixed_cost_growth': ['fixed_cost_growth_rate'],
    'marketing_spend_growth': ['marketing_spend_growth_rate'],
    'cac_growth': ['cac_growth_rate'],
} %}

with origins as (

    select * from {{ ref('int_projection_origins') }}

),

assumptions as (

    select * from {{ ref('projection_assumptions') }}

),

cohorts as (

    select
        cohort_month,
        cohort_user_count
    from {{ ref('int_wallet_cohort_months') }}
    where month_number = 0

),

curves as (

    select * from {{ ref('int_retention_pooled_by_origin') }}

),

bank_months as (

    select * from {{ ref('int_bank_months') }}

),

banks as (

    select * from {{ ref('stg_wallet__bank_partnerships') }}

),

month_numbers as (

    {% for month_number in range(1, projected_months + 1) %}
    select {{ month_number }} as month_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

growths as (

    select
        assumptions.scenario,
        month_numbers.month_number,
        {% for growth, rates in growths.items() %}
        power(
            {% for rate in rates %}
            cast(1 + assumptions.{{ rate }} as {{ double }}){{ ' *' if not loop.last }}
            {% endfor %},
            month_numbers.month_number
        ) as {{ growth }},
        {% endfor %}
        cast(assumptions.variable_cost_per_transaction as {{ double }})
            as variable_cost_per_transaction,
        cast(assumptions.retention_factor as {{ double }}) as retention_factor
    from assumptions
    cross join month_numbers

),

-- What both methods share: the months, the costs, and what a user does.
paths as (

    select
        origins.origin_month,
        origins.is_last_origin,
        origins.scenario,
        growths.month_number,
        {{ add_months('origins.origin_month', 'growths.month_number') }} as month_start,
        origins.cash_amount,
        origins.mau,
        origins.completed_transaction_count,
        cast(origins.completed_amount as {{ double }}) as completed_amount,
        cast(origins.bank_fee_amount as {{ double }}) as bank_fee_amount,
        growths.user_growth,
        growths.transaction_growth,
        growths.volume_growth,
        growths.user_transaction_growth,
        growths.user_volume_growth,
        cast(origins.fixed_cost_amount as {{ double }}) * growths.fixed_cost_growth
            as projected_fixed_cost,
        cast(origins.marketing_spend_amount as {{ double }}) * growths.marketing_spend_growth
            as projected_marketing_spend,
        growths.variable_cost_per_transaction,
        -- Null where nobody came or nothing is known to have been spent: no CAC, no cohorts.
        cast(origins.acquisition_spend_amount as {{ double }})
        / nullif(cast(origins.acquired_user_count as {{ double }}), 0)
        * growths.cac_growth as projected_cac,
        growths.retention_factor
    from origins
    inner join growths
        on origins.scenario = growths.scenario

),

tails as (

    select distinct
        origin_month,
        last_month_number,
        cast(monthly_survival_rate as {{ double }}) as monthly_survival_rate
    from curves

),

-- Only an origin with a curve and a price of users has cohorts.
acquired as (

    select
        paths.origin_month,
        paths.scenario,
        paths.month_number,
        paths.month_start,
        paths.retention_factor,
        paths.projected_marketing_spend / paths.projected_cac as new_users,
        tails.last_month_number,
        tails.monthly_survival_rate
    from paths
    inner join tails
        on paths.origin_month = tails.origin_month
    where paths.projected_cac > 0

),

-- Users who are there already, and those who will be won.
all_cohorts as (

    select
        acquired.origin_month,
        acquired.scenario,
        cohorts.cohort_month,
        cast(cohorts.cohort_user_count as {{ double }}) as user_count
    from acquired
    inner join cohorts
        on acquired.origin_month >= cohorts.cohort_month
    where acquired.month_number = 1

    union all

    select
        origin_month,
        scenario,
        month_start as cohort_month,
        new_users as user_count
    from acquired

),

aged as (

    select
        acquired.origin_month,
        acquired.scenario,
        acquired.month_number,
        acquired.retention_factor,
        acquired.last_month_number,
        acquired.monthly_survival_rate,
        all_cohorts.user_count,
        {{ months_between('all_cohorts.cohort_month', 'acquired.month_start') }} as cohort_age
    from acquired
    inner join all_cohorts
        on
            acquired.origin_month = all_cohorts.origin_month
            and acquired.scenario = all_cohorts.scenario
            and acquired.month_start >= all_cohorts.cohort_month

),

-- Beyond the oldest measured age the same share is lost every month.
cohort_users as (

    select
        aged.origin_month,
        aged.scenario,
        aged.month_number,
        sum(
            aged.user_count
            * least(
                cast(1 as {{ double }}),
                aged.retention_factor
                * cast(curves.retention_rate as {{ double }})
                * power(
                    aged.monthly_survival_rate,
                    greatest(aged.cohort_age - aged.last_month_number, 0)
                )
            )
        ) as projected_mau
    from aged
    inner join curves
        on
            aged.origin_month = curves.origin_month
            and least(aged.cohort_age, aged.last_month_number) = curves.month_number
    group by aged.origin_month, aged.scenario, aged.month_number

),

-- A contract that ends is not renewed: its bank pays for its last month, and no longer.
contract_fees as (

    select
        paths.origin_month,
        paths.scenario,
        paths.month_number,
        sum(cast(bank_months.monthly_fee_amount as {{ double }})) as fixed_fee,
        sum(
            cast(bank_months.bank_fee_amount - bank_months.monthly_fee_amount as {{ double }})
        ) as volume_fee
    from paths
    inner join bank_months
        on paths.origin_month = bank_months.month_start
    inner join banks
        on bank_months.bank_code = banks.bank_code
    where
        bank_months.is_in_contract
        and (banks.contract_end_date is null or banks.contract_end_date >= paths.month_start)
    group by paths.origin_month, paths.scenario, paths.month_number

),

by_cohort as (

    select
        paths.*,
        acquired.new_users,
        cohort_users.projected_mau,
        cohort_users.projected_mau
        * coalesce(
            paths.completed_transaction_count / nullif(cast(paths.mau as {{ double }}), 0), 0
        )
        * paths.user_transaction_growth as projected_transactions,
        cohort_users.projected_mau
        * coalesce(paths.completed_amount / nullif(cast(paths.mau as {{ double }}), 0), 0)
        * paths.user_volume_growth as projected_volume,
        coalesce(contract_fees.fixed_fee, 0) as fixed_fee,
        coalesce(contract_fees.volume_fee, 0) as volume_fee
    from paths
    inner join acquired
        on
            paths.origin_month = acquired.origin_month
            and paths.scenario = acquired.scenario
            and paths.month_number = acquired.month_number
    inner join cohort_users
        on
            paths.origin_month = cohort_users.origin_month
            and paths.scenario = cohort_users.scenario
            and paths.month_number = cohort_users.month_number
    left join contract_fees
        on
            paths.origin_month = contract_fees.origin_month
            and paths.scenario = contract_fees.scenario
            and paths.month_number = contract_fees.month_number

),

projected as (

    -- Compound growth from the origin: users, transactions a user, amount a transaction.
    select
        origin_month,
        is_last_origin,
        scenario,
        'compound' as method, -- noqa: RF04
        month_number,
        month_start,
        cash_amount,
        cast(null as {{ double }}) as projected_new_users,
        mau * user_growth as projected_mau,
        completed_transaction_count * transaction_growth as projected_transactions,
        completed_amount * volume_growth as projected_volume,
        bank_fee_amount as projected_bank_fee,
        projected_fixed_cost,
        projected_marketing_spend,
        variable_cost_per_transaction
    from paths

    union all

    select
        origin_month,
        is_last_origin,
        scenario,
        'cohort' as method, -- noqa: RF04
        month_number,
        month_start,
        cash_amount,
        new_users as projected_new_users,
        projected_mau,
        projected_transactions,
        projected_volume,
        -- The part of a fee that is a share of the volume moves with it.
        fixed_fee
        + volume_fee * coalesce(projected_volume / nullif(completed_amount, 0), 0)
            as projected_bank_fee,
        projected_fixed_cost,
        projected_marketing_spend,
        variable_cost_per_transaction
    from by_cohort

),

rounded as (

    select
        origin_month,
        is_last_origin,
        scenario,
        method,
        month_number,
        month_start,
        cash_amount,
        {{ to_scale('projected_new_users', 0) }} as projected_new_user_count,
        {{ to_scale('projected_mau', 0) }} as projected_mau,
        {{ to_scale('projected_transactions', 0) }} as projected_transaction_count,
        {{ to_scale('projected_volume', 2) }} as volume_amount,
        {{ to_scale('projected_bank_fee', 2) }} as bank_fee_amount,
        {{ to_scale(
            'projected_transactions * ' ~ var('wallet_revenue_per_transaction')
            ~ ' + projected_bank_fee', 2) }} as revenue_amount,
        {{ to_scale(
            'projected_fixed_cost + projected_marketing_spend'
            ~ ' + projected_transactions * variable_cost_per_transaction', 2) }} as cost_amount
    from projected

),

cash as (

    select
        *,
        cost_amount - revenue_amount as burn_amount,
        cash_amount - sum(cost_amount - revenue_amount) over (
            partition by origin_month, scenario, method
            order by month_number
            rows between unbounded preceding and current row
        ) as closing_cash_amount
    from rounded

),

-- Runway: months the closing cash lasts at the month's own burn; null while nothing is burnt.
final as (

    select
        origin_month,
        is_last_origin,
        scenario,
        method,
        month_start,
        month_number,
        cast(projected_new_user_count as bigint) as projected_new_user_count,
        cast(projected_mau as bigint) as projected_mau,
        cast(projected_transaction_count as bigint) as projected_transaction_count,
        cast(volume_amount as numeric(20, 2)) as volume_amount,
        cast(bank_fee_amount as numeric(20, 2)) as bank_fee_amount,
        cast(revenue_amount as numeric(20, 2)) as revenue_amount,
        cast(cost_amount as numeric(20, 2)) as cost_amount,
        cast(burn_amount as numeric(20, 2)) as burn_amount,
        cast(cash_amount as numeric(20, 2)) as opening_cash_amount,
        cast(closing_cash_amount as numeric(20, 2)) as closing_cash_amount,
        case
            when burn_amount > 0
                then {{ ratio('greatest(closing_cash_amount, 0)', 'burn_amount') }}
        end as runway_months
    from cash

)

select * from final
