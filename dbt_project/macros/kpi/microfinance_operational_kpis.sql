{#- The microfinance KPIs that exist by day and by month alike, as kpi_rows takes them: columns of
    int_microfinance_metrics_daily and int_microfinance_metrics_monthly. -#}
{% macro microfinance_operational_kpis() -%}
    {{ return([
        {'code': 'disbursed_amount', 'numerator': 'disbursed_amount'},
        {'code': 'disbursed_loans', 'numerator': 'disbursed_loan_count'},
        {'code': 'collected_amount', 'numerator': 'collected_amount'},
        {'code': 'active_accounts', 'numerator': 'customer_active_account_count'},
        {'code': 'new_customers', 'numerator': 'new_customer_count'},
        {'code': 'payment_success_rate', 'value': 'payment_success_rate',
            'numerator': 'successful_payment_count', 'denominator': 'payment_count'},
    ]) }}
{%- endmacro %}
