{{ config(materialized='table') }}

with users as (

    select * from {{ ref('stg_wallet__users') }}

),

transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

sent as (

    select
        sender_user_id as user_id,
        cast(count(*) as bigint) as sent_count,
        {{ count_where('is_completed') }} as completed_count,
        {{ money('sum(case when is_completed then amount end)') }} as completed_amount,
        min(transaction_date) as first_transaction_date,
        max(transaction_date) as last_transaction_date,
        min(case when is_completed then created_at end) as first_completed_at,
        max(case when is_completed then created_at end) as last_completed_at
    from transactions
    group by sender_user_id

),

-- Every user who signed up by the as-of day is in, with or without transactions.
joined as (

    select
        users.user_id,
        users.referrer_user_id,
        users.blood_hash,
        users.user_status,
        coalesce(users.signup_source, 'unknown') as signup_source,
        coalesce(sent.sent_count, 0) as sent_count,
        coalesce(sent.completed_count, 0) as completed_count,
        coalesce(sent.completed_amount, 0) as completed_amount,
        users.signup_date,
        {{ month_start('users.signup_date') }} as cohort_month,
        sent.first_transaction_date,
        sent.last_transaction_date,
        users.signed_up_at,
        users.last_active_at,
        sent.first_completed_at,
        sent.last_completed_at,
        {{ dbt.dateadd('day', 7, 'users.signed_up_at') }} as activation_deadline_at
    from users
    left join sent
        on users.user_id = sent.user_id
    where users.signup_date <= {{ as_of_date('wallet') }}

),

final as (

    select
        *,
        {{ business_date('activation_deadline_at', 'wallet') }}
        <= {{ as_of_date('wallet') }} as is_activation_due,
        coalesce(first_completed_at < activation_deadline_at, false)
        and {{ business_date('activation_deadline_at', 'wallet') }}
        <= {{ as_of_date('wallet') }} as is_activated
    from joined

)

select * from final
