{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

user_activity as (

    select * from {{ ref('stg_wallet__user_activity') }}

),

days as (

    select
        sender_user_id as user_id,
        transaction_date as activity_date,
        1 as sent_count,
        0 as activity_count
    from transactions

    union all

    select
        user_id,
        activity_date,
        0 as sent_count,
        1 as activity_count
    from user_activity
    where
        user_id is not null
        and activity_date <= {{ as_of_date('wallet') }}

),

final as (

    select
        user_id,
        activity_date,
        cast(sum(sent_count) as bigint) as sent_count,
        cast(sum(activity_count) as bigint) as activity_count
    from days
    group by user_id, activity_date

)

select * from final
