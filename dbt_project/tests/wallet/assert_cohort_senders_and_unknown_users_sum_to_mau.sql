-- Each sender of a month is in exactly one cohort: active users over all cohorts are the month's
-- MAU, unless a sender is missing from dim_users.
with cohort_retention as (

    select * from {{ ref('cohort_retention_monthly') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

users as (

    select * from {{ ref('dim_users') }}

),

cohort_sums as (

    select
        activity_month,
        sum(active_user_count) as active_user_count
    from cohort_retention
    group by activity_month

),

-- Also one who sent before signing up, which cohorts do not watch.
senders_outside as (

    select
        transactions.transaction_month,
        count(distinct transactions.sender_user_id) as sender_count
    from transactions
    left join users
        on transactions.sender_user_id = users.user_id
    where
        users.user_id is null
        or users.cohort_month > transactions.transaction_month
    group by transactions.transaction_month

)

select
    monthly_metrics.month_start,
    monthly_metrics.mau,
    cohort_sums.active_user_count,
    senders_outside.sender_count
from monthly_metrics
left join cohort_sums
    on monthly_metrics.month_start = cohort_sums.activity_month
left join senders_outside
    on monthly_metrics.month_start = senders_outside.transaction_month
where
    coalesce(cohort_sums.active_user_count, 0) + coalesce(senders_outside.sender_count, 0)
    <> monthly_metrics.mau
