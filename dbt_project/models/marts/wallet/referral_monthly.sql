with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

months as (

    select
        month_start,
        is_complete_period,
        mau,
        {{ kpi_complete(wallet_kpis(), 'activation_rate') }} as is_activation_complete
    from metrics

),

referred_users as (

    select
        user_id,
        cohort_month,
        signup_date,
        is_activation_due,
        is_activated
    from users
    where referrer_user_id is not null

),

-- The first 30 days of a user: the sign-up day and the 29 after it.
first_volume as (

    select
        referred_users.cohort_month,
        {{ money('sum(transactions.amount)') }} as first_30_days_volume_amount
    from referred_users
    inner join transactions
        on referred_users.user_id = transactions.sender_user_id
    where
        transactions.is_completed
        and transactions.transaction_date >= referred_users.signup_date
        and transactions.transaction_date < {{ add_days('referred_users.signup_date', 30) }}
    group by referred_users.cohort_month

),

referrals as (

    select
        cohort_month,
        cast(count(*) as bigint) as referred_signup_count,
        {{ count_where('is_activation_due') }} as activation_due_user_count,
        {{ count_where('is_activated') }} as activated_user_count
    from referred_users
    group by cohort_month

),

final as (

    select
        months.month_start,
        months.is_complete_period,
        coalesce(referrals.referred_signup_count, 0) as referred_signup_count,
        coalesce(referrals.activation_due_user_count, 0) as activation_due_user_count,
        coalesce(referrals.activated_user_count, 0) as activated_user_count,
        {{ kpi_ratio(wallet_kpis(), 'activation_rate', 'referrals') }}
            as activation_rate,
        coalesce(first_volume.first_30_days_volume_amount, 0) as first_30_days_volume_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        months.mau,
        {{ ratio('coalesce(referrals.referred_signup_count, 0)', 'months.mau') }}
            as invitations_per_active_user,
        months.is_activation_complete
    from months
    left join referrals
        on months.month_start = referrals.cohort_month
    left join first_volume
        on months.month_start = first_volume.cohort_month

)

select * from final
