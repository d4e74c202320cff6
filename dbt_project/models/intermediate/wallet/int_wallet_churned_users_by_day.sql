with user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

sending_days as (

    select
        user_id,
        activity_date,
        lead(activity_date) over (partition by user_id order by activity_date)
            as next_activity_date
    from user_days
    where sent_count > 0

),

-- Churned on day D: last sent exactly 30 days before D, nothing since.
silences as (

    select
        user_id,
        {{ add_days('activity_date', 30) }} as churn_date,
        next_activity_date
    from sending_days

),

final as (

    select
        churn_date,
        cast(count(*) as bigint) as churned_user_count
    from silences
    where
        (next_activity_date is null or next_activity_date > churn_date)
        and churn_date <= {{ as_of_date('wallet') }}
    group by churn_date

)

select * from final
