-- What users sent, by dim_users and by user_ltv, is what transactions of known senders say.
with users as (

    select * from {{ ref('dim_users') }}

),

user_values as (

    select * from {{ ref('user_ltv') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

by_user as (

    select
        sum(sent_transaction_count) as sent_count,
        sum(completed_amount) as completed_amount
    from users

),

by_value as (

    select sum(completed_amount) as completed_amount
    from user_values

),

by_transaction as (

    select
        count(*) as sent_count,
        sum(case when transactions.is_completed then transactions.amount else 0 end)
            as completed_amount
    from transactions
    inner join users
        on transactions.sender_user_id = users.user_id

)

select
    by_user.sent_count as user_sent_count,
    by_transaction.sent_count,
    by_user.completed_amount as user_completed_amount,
    by_transaction.completed_amount
from by_user
cross join by_value
cross join by_transaction
where
    by_user.sent_count <> by_transaction.sent_count
    or by_user.completed_amount <> by_transaction.completed_amount
    or by_user.completed_amount <> by_value.completed_amount
