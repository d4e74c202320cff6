{#- The wallet's KPIs that exist by day and by month alike, as kpi_rows takes them: columns of
    int_wallet_metrics_daily and int_wallet_metrics_monthly. -#}
{% macro wallet_operational_kpis() -%}
    {{ return([
        {'code': 'active_users_activity', 'numerator': 'activity_user_count'},
        {'code': 'new_users', 'numerator': 'new_user_count'},
        {'code': 'churned_users', 'numerator': 'churned_user_count'},
        {'code': 'total_transactions', 'numerator': 'transaction_count'},
        {'code': 'avg_transaction_amount', 'value': 'avg_transaction_amount',
            'numerator': 'transaction_amount', 'denominator': 'transaction_count'},
        {'code': 'median_transaction_amount', 'value': 'median_transaction_amount'},
        {'code': 'revenue', 'numerator': 'revenue_amount'},
        {'code': 'success_rate', 'value': 'success_rate',
            'numerator': 'completed_transaction_count', 'denominator': 'transaction_count'},
        {'code': 'resolved_success_rate', 'value': 'resolved_success_rate',
            'numerator': 'completed_transaction_count',
            'denominator': 'completed_transaction_count + failed_transaction_count'},
        {'code': 'avg_processing_time_ms', 'value': 'avg_processing_time_ms',
            'numerator': 'processing_time_ms_sum', 'denominator': 'processed_transaction_count'},
        {'code': 'median_processing_time_ms', 'value': 'median_processing_time_ms'},
        {'code': 'p95_processing_time_ms', 'value': 'p95_processing_time_ms'},
        {'code': 'uptime_rate', 'value': 'uptime_rate',
            'numerator': 'uptime_seconds', 'denominator': 'period_seconds'},
        {'code': 'fraud_rate', 'value': 'fraud_rate',
            'numerator': 'fraud_transaction_count', 'denominator': 'transaction_count'},
        {'code': 'fraud_value_rate', 'value': 'fraud_value_rate',
            'numerator': 'fraud_amount', 'denominator': 'transaction_amount'},
    ]) }}
{%- endmacro %}
