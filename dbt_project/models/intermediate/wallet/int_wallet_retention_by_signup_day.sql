with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

offsets as (

    {% for day_number in [1, 7, 30] %}
    select {{ day_number }} as day_number
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

targets as (

    select
        users.user_id,
        users.signup_date,
        offsets.day_number,
        {{ add_days('users.signup_date', 'offsets.day_number') }} as target_date
    from users
    cross join offsets

),

-- Only users whose day +N is complete count in the denominator.
final as (

    select
        targets.signup_date,
        targets.day_number,
        cast(count(*) as bigint) as eligible_user_count,
        cast(count(user_days.user_id) as bigint) as retained_user_count
    from targets
    left join user_days
        on
            targets.user_id = user_days.user_id
            and targets.target_date = user_days.activity_date
    where targets.target_date <= {{ as_of_date('wallet') }}
    group by targets.signup_date, targets.day_number

)

select * from final
