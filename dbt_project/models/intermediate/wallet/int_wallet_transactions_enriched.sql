{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('stg_wallet__transactions') }}

),

terminal_events as (

    select * from {{ ref('int_terminal_events_by_transaction') }}

),

fraud_cases as (

    select * from {{ ref('int_fraud_cases_by_transaction') }}

),

final as (

    select
        transactions.transaction_id,
        transactions.sender_user_id,
        transactions.recipient_user_id,
        transactions.bank_code,
        transactions.currency_code,
        transactions.transaction_status,
        transactions.channel,
        transactions.device_type,
        transactions.app_version,
        terminal_events.error_code,
        transactions.amount,
        terminal_events.processing_time_ms,
        terminal_events.sentinel_score,
        coalesce(fraud_cases.fraud_case_count, 0) as fraud_case_count,
        coalesce(fraud_cases.fraud_loss_amount, 0) as fraud_loss_amount,
        cast(
            case
                when transactions.transaction_status = 'COMPLETED'
                    then {{ var('wallet_revenue_per_transaction') }}
                else 0
            end as numeric(20, 2)
        ) as revenue_amount,
        transactions.transaction_status = 'COMPLETED' as is_completed,
        transactions.transaction_status = 'FAILED' as is_failed,
        coalesce(fraud_cases.has_confirmed_fraud, false) as is_confirmed_fraud,
        coalesce(fraud_cases.has_undecided_fraud_case, false) as is_fraud_undecided,
        coalesce(
            terminal_events.sentinel_score > {{ var('wallet_sentinel_threshold') }}, false
        ) as is_sentinel_flagged,
        transactions.transaction_date,
        {{ month_start('transactions.transaction_date') }} as transaction_month,
        transactions.created_at,
        transactions.completed_at,
        transactions.updated_at
    from transactions
    left join terminal_events
        on transactions.transaction_id = terminal_events.transaction_id
    left join fraud_cases
        on transactions.transaction_id = fraud_cases.transaction_id
    where transactions.transaction_date <= {{ as_of_date('wallet') }}

)

select * from final
