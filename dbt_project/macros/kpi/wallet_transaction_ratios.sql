{#- The ratios over wallet_transaction_measures and uptime, whatever the period: each KPI's formula
    stands here once, for days and months alike. -#}
{% macro wallet_transaction_ratios() -%}
    {{ ratio('transaction_amount', 'transaction_count') }} as avg_transaction_amount,
        {{ ratio('processing_time_ms_sum', 'processed_transaction_count') }}
            as avg_processing_time_ms,
        {{ ratio('completed_transaction_count', 'transaction_count') }} as success_rate,
        {{ ratio(
            'completed_transaction_count',
            '(completed_transaction_count + failed_transaction_count)') }}
            as resolved_success_rate,
        {{ ratio('fraud_transaction_count', 'transaction_count') }} as fraud_rate,
        {{ ratio('fraud_amount', 'transaction_amount') }} as fraud_value_rate,
        {{ ratio('uptime_seconds', 'period_seconds') }} as uptime_rate
{%- endmacro %}
