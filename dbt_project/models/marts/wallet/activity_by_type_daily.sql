with user_activity as (

    select * from {{ ref('stg_wallet__user_activity') }}

),

by_type as (

    select
        activity_date,
        activity_type,
        cast(count(*) as bigint) as event_count,
        cast(count(distinct user_id) as bigint) as user_count
    from user_activity
    where activity_date <= {{ as_of_date('wallet') }}
    group by activity_date, activity_type

),

final as (

    select
        activity_date,
        activity_type,
        event_count,
        user_count,
        {{ ratio('event_count', 'user_count') }} as events_per_user,
        {{ is_period_over('month', 'activity_date', as_of_date('wallet')) }} as is_complete_month
    from by_type

)

select * from final
