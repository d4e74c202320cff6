-- Joining events and fraud cases neither drops a transaction nor doubles one, nor changes its
-- amount.
with staged as (

    select * from {{ ref('stg_wallet__transactions') }}

),

transactions as (

    select * from {{ ref('fct_transactions') }}

),

both_sides as (

    select
        transaction_id,
        amount,
        1 as staged_count,
        0 as mart_count
    from staged
    where transaction_date <= {{ as_of_date('wallet') }}

    union all

    select
        transaction_id,
        amount,
        0 as staged_count,
        1 as mart_count
    from transactions

)

select
    transaction_id,
    sum(staged_count) as staged_count,
    sum(mart_count) as mart_count
from both_sides
group by transaction_id
having
    sum(staged_count) <> 1
    or sum(mart_count) <> 1
    or min(amount) <> max(amount)
