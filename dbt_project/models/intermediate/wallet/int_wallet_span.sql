with transactions as (

    select * from {{ ref('stg_wallet__transactions') }}

),

users as (

    select * from {{ ref('stg_wallet__users') }}

),

first_signup as (

    select min(signup_date) as first_date
    from users

),

-- The newest day seen is still being lived; the one before it is complete. Only transactions
-- count: their created_at is the server's, an event's time is the device's.
last_day as (

    select {{ add_days('max(transaction_date)', -1) }} as last_complete_date
    from transactions

),

final as (

    select
        first_signup.first_date,
        last_day.last_complete_date
    from first_signup
    cross join last_day

)

select * from final
