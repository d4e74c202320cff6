-- One portfolio: by loan, by bucket, by class and as a whole it is the same money at every month
-- end.
{%- set parts = {
    'loan_status_monthly': 'case when is_active then outstanding_amount else 0 end',
    'portfolio_at_risk': 'outstanding_amount',
    'provisions': 'outstanding_amount',
} %}

with financial_health as (

    select * from {{ ref('financial_health_monthly') }}

),

{% for mart, amount in parts.items() %}
{{ mart }} as (

    select
        month_start,
        sum({{ amount }}) as outstanding_amount,
        sum(provision_amount) as provision_amount
    from {{ ref(mart) }}
    group by month_start

){{ ',' if not loop.last }}

{% endfor %}
{% for mart in parts %}
select
    '{{ mart }}' as mart,
    financial_health.month_start,
    financial_health.gross_portfolio_amount,
    {{ mart }}.outstanding_amount
from financial_health
left join {{ mart }}
    on financial_health.month_start = {{ mart }}.month_start
where
    financial_health.gross_portfolio_amount <> coalesce({{ mart }}.outstanding_amount, 0)
    or financial_health.provision_amount <> coalesce({{ mart }}.provision_amount, 0)
{{ 'union all' if not loop.last }}
{% endfor %}
