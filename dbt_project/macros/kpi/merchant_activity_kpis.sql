{#- The merchant KPIs, by day and by month, as kpi_rows describes them. -#}
{% macro merchant_activity_kpis() -%}
    {% set both = ['monthly', 'daily'] %}
    {{ return([
        {'code': 'monthly_active_merchants', 'grains': ['monthly'],
            'numerator': 'active_merchant_count'},
        {'code': 'daily_active_merchants', 'grains': ['daily'],
            'numerator': 'active_merchant_count'},
        {'code': 'merchant_success_amount', 'grains': both, 'numerator': 'success_amount'},
        {'code': 'merchant_failure_rate', 'grains': both, 'column': 'failure_rate',
            'numerator': 'failed_count', 'denominator': 'success_count + failed_count'},
        {'code': 'kyc_completion_rate', 'grains': both,
            'numerator': 'kyc_upgraded_merchant_count',
            'denominator': 'kyc_submitted_merchant_count'},
    ]) }}
{%- endmacro %}
