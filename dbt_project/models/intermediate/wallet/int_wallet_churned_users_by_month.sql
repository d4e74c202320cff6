with user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

sending_months as (

    select distinct
        user_id,
        {{ month_start('activity_date') }} as month_start
    from user_days
    where sent_count > 0

),

followed as (

    select
        sending_months.user_id,
        {{ add_months('sending_months.month_start', 1) }} as churn_month,
        next_months.user_id is null as is_churned
    from sending_months
    left join sending_months as next_months
        on
            sending_months.user_id = next_months.user_id
            and next_months.month_start = {{ add_months('sending_months.month_start', 1) }}

),

final as (

    select
        churn_month,
        cast(count(*) as bigint) as previous_active_user_count,
        {{ count_where('is_churned') }} as churned_user_count
    from followed
    group by churn_month

)

select * from final
