{{ config(materialized='table') }}

with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

months as (

    {{ month_spine('wallet') }}

),

cohorts as (

    select
        cohort_month,
        cast(count(*) as bigint) as cohort_user_count
    from users
    group by cohort_month

),

sending_months as (

    select distinct
        user_id,
        {{ month_start('activity_date') }} as month_start
    from user_days
    where sent_count > 0

),

active as (

    select
        users.cohort_month,
        sending_months.month_start,
        cast(count(*) as bigint) as active_user_count
    from users
    inner join sending_months
        on users.user_id = sending_months.user_id
    group by users.cohort_month, sending_months.month_start

),

final as (

    select
        cohorts.cohort_month,
        {{ months_between('cohorts.cohort_month', 'months.month_start') }} as month_number,
        months.month_start as activity_month,
        cohorts.cohort_user_count,
        coalesce(active.active_user_count, 0) as active_user_count,
        months.is_complete_period
    from cohorts
    inner join months
        on cohorts.cohort_month <= months.month_start
    left join active
        on
            cohorts.cohort_month = active.cohort_month
            and months.month_start = active.month_start

)

select * from final
