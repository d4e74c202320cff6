with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

final as (

    select
        transaction_id,
        sender_user_id,
        recipient_user_id,
        bank_code,
        transaction_status,
        channel,
        device_type,
        app_version,
        error_code,
        amount,
        currency_code,
        revenue_amount,
        fraud_loss_amount,
        processing_time_ms,
        sentinel_score,
        fraud_case_count,
        is_completed,
        is_failed,
        is_confirmed_fraud,
        is_sentinel_flagged,
        transaction_date,
        transaction_month,
        created_at,
        completed_at,
        updated_at
    from transactions

)

select * from final
