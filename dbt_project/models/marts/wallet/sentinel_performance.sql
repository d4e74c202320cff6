with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

months as (

    select
        month_start,
        is_complete_period,
        {{ kpi_complete(wallet_kpis(), 'fraud_rate') }} as is_fraud_complete
    from metrics

),

counts as (

    select
        transaction_month,
        cast(count(sentinel_score) as bigint) as scored_transaction_count,
        {{ count_where('is_sentinel_flagged') }} as flagged_transaction_count,
        {{ count_where('is_confirmed_fraud') }} as fraud_transaction_count,
        {{ count_where('is_sentinel_flagged and is_confirmed_fraud') }} as true_positive_count
    from transactions
    group by transaction_month

),

final as (

    select
        months.month_start,
        months.is_complete_period,
        cast({{ var('wallet_sentinel_threshold') }} as integer) as score_threshold,
        coalesce(counts.scored_transaction_count, 0) as scored_transaction_count,
        coalesce(counts.flagged_transaction_count, 0) as flagged_transaction_count,
        coalesce(counts.fraud_transaction_count, 0) as fraud_transaction_count,
        coalesce(counts.true_positive_count, 0) as true_positive_count,
        coalesce(counts.flagged_transaction_count - counts.true_positive_count, 0)
            as false_positive_count,
        coalesce(counts.fraud_transaction_count - counts.true_positive_count, 0)
            as false_negative_count,
        {{ ratio('counts.true_positive_count', 'counts.flagged_transaction_count') }}
            as precision_rate,
        {{ ratio('counts.true_positive_count', 'counts.fraud_transaction_count') }}
            as recall_rate,
        months.is_fraud_complete
    from months
    left join counts
        on months.month_start = counts.transaction_month

)

select * from final
