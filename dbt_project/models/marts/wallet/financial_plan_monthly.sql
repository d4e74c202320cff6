{%- set status_months = var('wallet_projection_status_months') %}

with months as (

    select * from {{ ref('int_projection_months') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}
    where is_complete_period

),

origins as (

    select * from {{ ref('int_projection_origins') }}

),

periods as (

    select * from {{ ref('int_domain_periods') }}
    where domain = 'wallet'

),

target_spans as (

    {{ target_step_spans() }}

),

last_complete_month as (

    select max(month_start) as month_start
    from metrics

),

-- Months to come from the plan of today, those that are over from the plan of some months before.
planned as (

    select
        months.method,
        months.scenario as series,
        months.month_start,
        months.origin_month,
        months.volume_amount,
        months.revenue_amount,
        months.cost_amount,
        months.burn_amount,
        months.closing_cash_amount
    from months
    cross join last_complete_month
    where
        months.is_last_origin
        or (
            months.month_number = {{ status_months }}
            and last_complete_month.month_start >= months.month_start
        )

),

methods as (

    select distinct method
    from planned

),

-- Scenarios may open with different cash: what is left is that of base.
actual as (

    select
        methods.method,
        'actual' as series,
        metrics.month_start,
        cast(null as date) as origin_month,
        metrics.completed_amount as volume_amount,
        metrics.revenue_total_amount as revenue_amount,
        metrics.operating_cost_amount + metrics.marketing_spend_amount as cost_amount,
        metrics.burn_total_amount as burn_amount,
        case when metrics.burn_total_amount is not null then origins.cash_amount end
            as closing_cash_amount
    from metrics
    cross join methods
    left join origins
        on
            metrics.month_start = origins.origin_month
            and origins.scenario = 'base'

),

plan_months as (

    select
        method,
        month_start
    from planned

    union

    select
        method,
        month_start
    from actual

),

targets as (

    select
        plan_months.method,
        'target' as series,
        plan_months.month_start,
        cast(null as date) as origin_month,
        target_spans.target as volume_amount,
        cast(null as numeric(20, 2)) as revenue_amount,
        cast(null as numeric(20, 2)) as cost_amount,
        cast(null as numeric(20, 2)) as burn_amount,
        cast(null as numeric(20, 2)) as closing_cash_amount
    from plan_months
    cross join periods
    inner join target_spans
        on
            {{ months_between('periods.launch_month', 'plan_months.month_start') }} + 1
            >= target_spans.from_month_since_launch
            and (
                target_spans.next_step_month is null
                or {{ months_between('periods.launch_month', 'plan_months.month_start') }} + 1
                < target_spans.next_step_month
            )
    where target_spans.kpi_code = 'monthly_transaction_volume'

),

all_series as (

    select * from planned

    union all

    select * from actual

    union all

    select * from targets

),

final as (

    select
        method,
        series,
        month_start,
        origin_month,
        '{{ currency_of("wallet") }}' as currency_code,
        cast(volume_amount as numeric(20, 2)) as volume_amount,
        cast(revenue_amount as numeric(20, 2)) as revenue_amount,
        cast(cost_amount as numeric(20, 2)) as cost_amount,
        cast(burn_amount as numeric(20, 2)) as burn_amount,
        cast(closing_cash_amount as numeric(20, 2)) as closing_cash_amount
    from all_series

)

select * from final
