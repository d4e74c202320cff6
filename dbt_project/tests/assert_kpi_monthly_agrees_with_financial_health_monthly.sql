-- The long and the wide form of the institution's months say the same.
{%- set columns_by_kpi = {
    'gross_loan_portfolio': 'gross_portfolio_amount',
    'active_loans': 'active_loan_count',
    'active_borrowers': 'active_borrower_count',
    'par_1': 'par_1',
    'par_30': 'par_30',
    'par_90': 'par_90',
    'npl_ratio': 'npl_ratio',
    'required_provisions': 'provision_amount',
    'portfolio_yield': 'portfolio_yield',
    'collateral_coverage_ratio': 'collateral_coverage_ratio',
    'top10_borrower_share': 'top10_borrower_share',
    'product_hhi': 'product_hhi',
    'deposits': 'deposit_amount',
    'loan_to_deposit_ratio': 'loan_to_deposit_ratio',
    'liquidity_coverage_ratio': 'liquidity_coverage_ratio',
    'net_interest_margin': 'net_interest_margin',
    'operational_self_sufficiency': 'operational_self_sufficiency',
    'investment_aum': 'investment_aum_amount',
    'investment_roi': 'investment_roi',
    'new_customers': 'new_customer_count',
    'payment_success_rate': 'payment_success_rate',
} %}

with financial_health as (

    select * from {{ ref('financial_health_monthly') }}

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
    from financial_health
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
