with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

last_days as (

    select
        user_id,
        max(activity_date) as last_activity_date
    from user_days
    group by user_id

),

final as (

    select
        users.user_id,
        users.referrer_user_id,
        users.blood_hash,
        users.user_status,
        users.signup_source,
        users.sent_count as sent_transaction_count,
        users.completed_count as completed_transaction_count,
        users.completed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        users.referrer_user_id is not null as is_referred,
        users.is_activation_due,
        users.is_activated,
        users.signup_date,
        users.cohort_month,
        users.first_transaction_date,
        users.last_transaction_date,
        users.signed_up_at,
        users.first_completed_at,
        users.last_active_at,
        last_days.last_activity_date
    from users
    left join last_days
        on users.user_id = last_days.user_id

)

select * from final
