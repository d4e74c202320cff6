{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

churned_users as (

    select * from {{ ref('int_wallet_churned_users_by_day') }}

),

downtime as (

    select * from {{ ref('int_service_downtime_by_day') }}

),

operating_costs as (

    select * from {{ ref('stg_wallet__operating_costs') }}

),

days as (

    {{ day_spine('wallet') }}

),

transaction_measures as (

    select
        transaction_date,
        {{ wallet_transaction_measures() }}
    from transactions
    group by transaction_date

),

activity as (

    select
        activity_date,
        {{ count_where('activity_count > 0') }} as activity_user_count
    from user_days
    group by activity_date

),

-- Rolling week: each sending day counts on itself and on the six days after it.
week_offsets as (

    {% for day_number in range(7) %}
    select {{ day_number }} as day_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

weekly_activity as (

    select
        {{ add_days('user_days.activity_date', 'week_offsets.day_number') }} as date_day,
        cast(count(distinct user_days.user_id) as bigint) as weekly_active_user_count
    from user_days
    cross join week_offsets
    where user_days.sent_count > 0
    group by {{ add_days('user_days.activity_date', 'week_offsets.day_number') }}

),

signups as (

    select
        signup_date,
        cast(count(*) as bigint) as new_user_count
    from users
    group by signup_date

),

monthly_costs as (

    select
        cost_month,
        sum(cost_amount) as cost_amount
    from operating_costs
    group by cost_month

),

-- Costs are booked by month; a day bears its equal share.
daily_costs as (

    select
        days.date_day,
        {{ to_scale(
            'cast(monthly_costs.cost_amount as ' ~ type_double() ~ ') / '
            ~ days_between('days.month_start', add_months('days.month_start', 1)), 2) }}
            as cost_amount
    from days
    inner join monthly_costs
        on days.month_start = monthly_costs.cost_month

),

platform_downtime as (

    select
        date_day,
        period_seconds,
        downtime_seconds
    from downtime
    where service = 'all_services'

),

-- What no table has ever had a row of is unknown, not zero.
evidence as (

    select
        (select max(fraud_case_count) from transactions) > 0 as has_fraud_cases,
        (select count(*) from operating_costs) > 0 as has_costs

),

joined as (

    select
        days.date_day,
        coalesce(transaction_measures.transaction_count, 0) as transaction_count,
        coalesce(transaction_measures.completed_transaction_count, 0)
            as completed_transaction_count,
        coalesce(transaction_measures.failed_transaction_count, 0) as failed_transaction_count,
        {{ wallet_fraud_measures() }},
        {{ is_mature(
            'transaction_measures.fraud_undecided_transaction_count', 'days.date_day', 'wallet'
        ) }} as is_fraud_complete,
        coalesce(transaction_measures.active_user_count, 0) as active_user_count,
        coalesce(weekly_activity.weekly_active_user_count, 0) as weekly_active_user_count,
        coalesce(activity.activity_user_count, 0) as activity_user_count,
        coalesce(signups.new_user_count, 0) as new_user_count,
        cast(
            sum(coalesce(signups.new_user_count, 0)) over (
                order by days.date_day
                rows between unbounded preceding and current row
            ) as bigint
        ) as total_user_count,
        coalesce(churned_users.churned_user_count, 0) as churned_user_count,
        coalesce(transaction_measures.transaction_amount, 0) as transaction_amount,
        coalesce(transaction_measures.completed_amount, 0) as completed_amount,
        coalesce(transaction_measures.revenue_amount, 0) as revenue_amount,
        {{ where_known(
            'evidence.has_costs', 'coalesce(daily_costs.cost_amount, 0)', 'numeric(20, 2)'
        ) }} as cost_amount,
        transaction_measures.median_transaction_amount,
        transaction_measures.median_completed_transaction_amount,
        coalesce(transaction_measures.processing_time_ms_sum, 0) as processing_time_ms_sum,
        coalesce(transaction_measures.processed_transaction_count, 0)
            as processed_transaction_count,
        transaction_measures.median_processing_time_ms,
        transaction_measures.p95_processing_time_ms,
        platform_downtime.period_seconds,
        platform_downtime.downtime_seconds
    from days
    cross join evidence
    left join transaction_measures
        on days.date_day = transaction_measures.transaction_date
    left join weekly_activity
        on days.date_day = weekly_activity.date_day
    left join activity
        on days.date_day = activity.activity_date
    left join signups
        on days.date_day = signups.signup_date
    left join churned_users
        on days.date_day = churned_users.churn_date
    left join daily_costs
        on days.date_day = daily_costs.date_day
    left join platform_downtime
        on days.date_day = platform_downtime.date_day

),

timed as (

    select
        *,
        cast(period_seconds - downtime_seconds as numeric(18, 6)) as uptime_seconds
    from joined

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(wallet_kpis(), 'daily')) }}
    from timed

)

select * from final
