{#- The merchant KPIs, which exist by day and by month alike, as kpi_rows takes them; only the
    active merchants of a day and of a month are two KPIs, hence their code as argument. -#}
{% macro merchant_activity_kpis(active_merchants_code) -%}
    {{ return([
        {'code': active_merchants_code, 'numerator': 'active_merchant_count'},
        {'code': 'merchant_success_amount', 'numerator': 'success_amount'},
        {'code': 'merchant_failure_rate', 'value': 'failure_rate',
            'numerator': 'failed_count', 'denominator': 'success_count + failed_count'},
        {'code': 'kyc_completion_rate', 'value': 'kyc_completion_rate',
            'numerator': 'kyc_upgraded_merchant_count',
            'denominator': 'kyc_submitted_merchant_count'},
    ]) }}
{%- endmacro %}
