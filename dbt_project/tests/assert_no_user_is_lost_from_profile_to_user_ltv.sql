-- Everybody who signed up by the as-of date is in every mart that has a row per user, once.
{%- set user_marts = ['dim_users', 'user_ltv', 'user_cohorts'] %}

with users as (

    select * from {{ ref('stg_wallet__users') }}

),

expected_users as (

    select user_id
    from users
    where signup_date <= {{ as_of_date('wallet') }}

),

mart_users as (

    {% for mart in user_marts %}
    select
        '{{ mart }}' as mart,
        user_id
    from {{ ref(mart) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counts as (

    select
        user_id,
        count(*) as mart_row_count
    from mart_users
    group by user_id

)

select
    coalesce(expected_users.user_id, counts.user_id) as user_id,
    counts.mart_row_count
from expected_users
full outer join counts
    on expected_users.user_id = counts.user_id
where
    expected_users.user_id is null
    or counts.user_id is null
    or counts.mart_row_count <> {{ user_marts | length }}
