-- The long and the wide form of the wallet's months say the same.
{%- set columns_by_kpi = {
    'monthly_transaction_volume': 'monthly_transaction_volume',
    'mau': 'mau',
    'user_growth_rate': 'user_growth_rate',
    'new_users': 'new_user_count',
    'churn_rate': 'churn_rate',
    'retention_d30': 'retention_d30',
    'revenue_total': 'revenue_total',
    'rpu': 'rpu',
    'ltv': 'ltv',
    'cac': 'cac',
    'ltv_cac_ratio': 'ltv_cac_ratio',
    'gross_margin_rate': 'gross_margin_rate',
    'burn_rate': 'burn_rate',
    'success_rate': 'success_rate',
    'uptime_rate': 'uptime_rate',
    'fraud_rate': 'fraud_rate',
} %}

with monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}

),

wide as (

    {% for kpi_code, column in columns_by_kpi.items() %}
    select
        '{{ kpi_code }}' as kpi_code,
        month_start,
        cast({{ column }} as numeric(26, 8)) as value
    from monthly_metrics
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    wide.kpi_code,
    wide.month_start,
    wide.value as wide_value,
    kpi_monthly.value as long_value
from wide
left join kpi_monthly
    on
        wide.kpi_code = kpi_monthly.kpi_code
        and wide.month_start = kpi_monthly.month_start
where
    kpi_monthly.kpi_code is null
    or coalesce(wide.value, -1e15) <> coalesce(kpi_monthly.value, -1e15)
