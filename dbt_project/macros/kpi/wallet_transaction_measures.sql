{#- The measures of a set of wallet transactions, whatever the period they are grouped by
    (columns of int_wallet_transactions_enriched): the one definition behind the daily and the
    monthly marts. -#}
{% macro wallet_transaction_measures() -%}
    cast(count(*) as bigint) as transaction_count,
        {{ count_where('is_completed') }} as completed_transaction_count,
        {{ count_where('is_failed') }} as failed_transaction_count,
        {{ count_where('is_confirmed_fraud') }} as fraud_transaction_count,
        {{ count_where('is_fraud_undecided') }} as fraud_undecided_transaction_count,
        {{ count_where('is_confirmed_fraud or is_fraud_undecided') }}
            as fraud_suspected_transaction_count,
        cast(count(distinct sender_user_id) as bigint) as active_user_count,
        {{ money('sum(amount)') }} as transaction_amount,
        {{ money('sum(case when is_completed then amount end)') }} as completed_amount,
        {{ money('sum(case when is_confirmed_fraud then amount end)') }} as fraud_amount,
        {{ money('sum(revenue_amount)') }} as revenue_amount,
        {{ to_scale(median('amount'), 2) }} as median_transaction_amount,
        {{ to_scale(median('case when is_completed then amount end'), 2) }}
            as median_completed_transaction_amount,
        cast(coalesce(sum(processing_time_ms), 0) as bigint) as processing_time_ms_sum,
        cast(count(processing_time_ms) as bigint) as processed_transaction_count,
        {{ to_scale(median('processing_time_ms'), 2) }} as median_processing_time_ms,
        {{ to_scale(percentile('processing_time_ms', 0.95), 2) }} as p95_processing_time_ms
{%- endmacro %}
