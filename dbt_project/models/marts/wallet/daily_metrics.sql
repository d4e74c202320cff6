with metrics as (

    select * from {{ ref('int_wallet_metrics_daily') }}

),

-- Every column of the wallet's own daily_metrics table by its name, then what explains it.
final as (

    select
        date_day as date,
        transaction_count as total_transactions,
        completed_transaction_count as successful_transactions,
        failed_transaction_count as failed_transactions,
        completed_amount as total_volume,
        active_user_count as active_users,
        new_user_count as new_users,
        churned_user_count as churned_users,
        cast(avg_transaction_amount as numeric(20, 2)) as avg_transaction_amount,
        cast(median_transaction_amount as numeric(20, 2)) as median_transaction_amount,
        cast(round(p95_processing_time_ms, 0) as integer) as p95_processing_time_ms,
        revenue_amount as revenue,
        cost_amount as cost,
        cast(revenue_amount - cost_amount as numeric(20, 2)) as gross_profit,
        fraud_rate,
        success_rate,
        cast(uptime_rate * 100 as numeric(7, 4)) as uptime_percentage,
        '{{ currency_of("wallet") }}' as currency_code,
        weekly_active_user_count as weekly_active_users,
        activity_user_count as active_users_activity,
        transaction_amount as total_amount_all_statuses,
        fraud_transaction_count as fraud_transactions,
        fraud_value_rate,
        resolved_success_rate,
        avg_processing_time_ms,
        median_processing_time_ms,
        processed_transaction_count as processed_transactions,
        downtime_seconds,
        uptime_rate,
        {{ is_period_over('week', 'date_day', as_of_date('wallet')) }} as is_complete_week
    from metrics

)

select * from final
