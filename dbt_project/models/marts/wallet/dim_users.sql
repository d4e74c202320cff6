with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

final as (

    select
        user_id,
        referrer_user_id,
        blood_hash,
        user_status,
        signup_source,
        sent_count as sent_transaction_count,
        completed_count as completed_transaction_count,
        completed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        referrer_user_id is not null as is_referred,
        is_activation_due,
        is_activated,
        signup_date,
        cohort_month,
        first_transaction_date,
        last_transaction_date,
        signed_up_at,
        first_completed_at
    from users

)

select * from final
