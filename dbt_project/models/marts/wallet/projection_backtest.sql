{%- set judged = ['volume', 'burn', 'closing_cash'] -%}

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

-- Only months that are over can be compared.
compared as (

    select
        months.origin_month,
        months.scenario,
        months.method,
        months.month_number,
        months.month_start,
        metrics.is_complete_period,
        months.projected_mau,
        metrics.mau as actual_mau,
        months.volume_amount as projected_volume_amount,
        metrics.completed_amount as actual_volume_amount,
        months.revenue_amount as projected_revenue_amount,
        metrics.revenue_total_amount as actual_revenue_amount,
        months.cost_amount as projected_cost_amount,
        cast(metrics.operating_cost_amount + metrics.marketing_spend_amount as numeric(20, 2))
            as actual_cost_amount,
        months.burn_amount as projected_burn_amount,
        metrics.burn_total_amount as actual_burn_amount,
        months.closing_cash_amount as projected_closing_cash_amount,
        -- Without a known burn the cash of that month is not known either.
        case when metrics.burn_total_amount is not null then origins.cash_amount end
            as actual_closing_cash_amount
    from months
    inner join metrics
        on months.month_start = metrics.month_start
    inner join origins
        on
            months.month_start = origins.origin_month
            and months.scenario = origins.scenario

),

-- The band of a plan: from the worse to the better of its scenarios bear and bull.
bands as (

    select
        *,
        -- noqa: disable=LT02
        {% for measure in judged %}
        min(case when scenario in ('bear', 'bull') then projected_{{ measure }}_amount end)
            over (partition by origin_month, method, month_number)
            as lower_{{ measure }}_amount,
        max(case when scenario in ('bear', 'bull') then projected_{{ measure }}_amount end)
            over (partition by origin_month, method, month_number)
            as upper_{{ measure }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from compared

),

final as (

    select
        origin_month,
        scenario,
        method,
        month_number,
        month_start,
        is_complete_period,
        '{{ currency_of("wallet") }}' as currency_code,
        projected_mau,
        actual_mau,
        {{ ratio('abs(projected_mau - actual_mau)', 'actual_mau') }}
            as mau_absolute_percentage_error,
        {% for measure in ['volume', 'revenue', 'cost'] %}
        projected_{{ measure }}_amount,
        actual_{{ measure }}_amount,
        cast(projected_{{ measure }}_amount - actual_{{ measure }}_amount as numeric(20, 2))
            as {{ measure }}_error_amount,
        {% if measure == 'volume' %}
        actual_volume_amount <> 0 as is_volume_compared,
        {% endif %}
        {{ ratio(
            'abs(projected_' ~ measure ~ '_amount - actual_' ~ measure ~ '_amount)',
            'actual_' ~ measure ~ '_amount') }} as {{ measure }}_absolute_percentage_error,
        {% endfor %}
        {% for measure in ['burn', 'closing_cash'] %}
        projected_{{ measure }}_amount,
        actual_{{ measure }}_amount,
        cast(projected_{{ measure }}_amount - actual_{{ measure }}_amount as numeric(20, 2))
            as {{ measure }}_error_amount,
        {% endfor %}
        -- noqa: disable=LT02
        {% for measure in judged %}
        case
            when actual_{{ measure }}_amount < lower_{{ measure }}_amount then 'below_plan'
            when actual_{{ measure }}_amount > upper_{{ measure }}_amount then 'above_plan'
            when
                actual_{{ measure }}_amount >= lower_{{ measure }}_amount
                and actual_{{ measure }}_amount <= upper_{{ measure }}_amount then 'on_plan'
        end as {{ measure }}_status{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from bands

)

select * from final
