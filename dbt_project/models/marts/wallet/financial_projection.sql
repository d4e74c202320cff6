{%- set projected_months = 24 -%}
{%- set double = type_double() -%}

with metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

assumptions as (

    select * from {{ ref('projection_assumptions') }}

),

last_complete_month as (

    select max(month_start) as month_start
    from metrics
    where is_complete_period

),

-- Where the projection starts: the last complete month as it was.
baseline as (

    select
        metrics.month_start,
        metrics.mau,
        metrics.completed_transaction_count,
        metrics.completed_amount,
        coalesce(metrics.bank_fee_amount, 0) as bank_fee_amount,
        -- COGS come back as the scenario's variable cost per transaction.
        coalesce(metrics.operating_cost_amount - metrics.cogs_amount, 0) as fixed_cost_amount,
        coalesce(metrics.marketing_spend_amount, 0) as marketing_spend_amount
    from metrics
    inner join last_complete_month
        on metrics.month_start = last_complete_month.month_start

),

-- The opening cash is of a month; every complete month since then has burnt some of it.
burnt as (

    select
        assumptions.scenario,
        coalesce(sum(metrics.burn_total_amount), 0) as burnt_amount
    from assumptions
    cross join last_complete_month
    left join metrics
        on
            assumptions.as_of_month < metrics.month_start
            and last_complete_month.month_start >= metrics.month_start
    group by assumptions.scenario

),

month_numbers as (

    {% for month_number in range(1, projected_months + 1) %}
    select {{ month_number }} as month_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Compound growth from the baseline: users, transactions a user, amount a transaction.
projected as (

    select
        assumptions.scenario,
        month_numbers.month_number,
        {{ add_months('baseline.month_start', 'month_numbers.month_number') }} as month_start,
        assumptions.opening_cash_amount - burnt.burnt_amount as opening_cash_amount,
        baseline.mau
        * power(
            cast(1 + assumptions.monthly_user_growth_rate as {{ double }}),
            month_numbers.month_number
        ) as projected_mau,
        baseline.completed_transaction_count
        * power(
            cast(1 + assumptions.monthly_user_growth_rate as {{ double }})
            * cast(1 + assumptions.transactions_per_user_growth_rate as {{ double }}),
            month_numbers.month_number
        ) as projected_transactions,
        cast(baseline.completed_amount as {{ double }})
        * power(
            cast(1 + assumptions.monthly_user_growth_rate as {{ double }})
            * cast(1 + assumptions.transactions_per_user_growth_rate as {{ double }})
            * cast(1 + assumptions.average_amount_growth_rate as {{ double }}),
            month_numbers.month_number
        ) as projected_volume,
        cast(baseline.bank_fee_amount as {{ double }}) as bank_fee_amount,
        cast(baseline.fixed_cost_amount as {{ double }})
        * power(
            cast(1 + assumptions.fixed_cost_growth_rate as {{ double }}),
            month_numbers.month_number
        ) as projected_fixed_cost,
        cast(baseline.marketing_spend_amount as {{ double }})
        * power(
            cast(1 + assumptions.marketing_spend_growth_rate as {{ double }}),
            month_numbers.month_number
        ) as projected_marketing_spend,
        cast(assumptions.variable_cost_per_transaction as {{ double }})
            as variable_cost_per_transaction
    from baseline
    cross join assumptions
    inner join burnt
        on assumptions.scenario = burnt.scenario
    cross join month_numbers

),

rounded as (

    select
        scenario,
        month_number,
        month_start,
        opening_cash_amount,
        {{ to_scale('projected_mau', 0) }} as projected_mau,
        {{ to_scale('projected_transactions', 0) }} as projected_transaction_count,
        {{ to_scale('projected_volume', 2) }} as volume_amount,
        {{ to_scale(
            'projected_transactions * ' ~ var('wallet_revenue_per_transaction')
            ~ ' + bank_fee_amount', 2) }} as revenue_amount,
        {{ to_scale(
            'projected_fixed_cost + projected_marketing_spend'
            ~ ' + projected_transactions * variable_cost_per_transaction', 2) }} as cost_amount
    from projected

),

cash as (

    select
        *,
        cost_amount - revenue_amount as burn_amount,
        opening_cash_amount - sum(cost_amount - revenue_amount) over (
            partition by scenario
            order by month_number
            rows between unbounded preceding and current row
        ) as closing_cash_amount
    from rounded

),

-- Runway: months the closing cash lasts at the month's own burn; null while nothing is burnt.
final as (

    select
        scenario,
        month_start,
        month_number,
        cast(projected_mau as bigint) as projected_mau,
        cast(projected_transaction_count as bigint) as projected_transaction_count,
        cast(volume_amount as numeric(20, 2)) as volume_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        cast(revenue_amount as numeric(20, 2)) as revenue_amount,
        cast(cost_amount as numeric(20, 2)) as cost_amount,
        cast(burn_amount as numeric(20, 2)) as burn_amount,
        cast(closing_cash_amount as numeric(20, 2)) as closing_cash_amount,
        case
            when burn_amount > 0
                then {{ ratio('greatest(closing_cash_amount, 0)', 'burn_amount') }}
        end as runway_months
    from cash

)

select * from final
