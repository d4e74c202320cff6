-- Ledger identity: balances of all accounts = signed entries of all accounts + the differences
-- that ledger_differences owns up to.
with accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

transactions as (

    select * from {{ ref('stg_microfinance__transactions') }}

),

transaction_types as (

    select * from {{ ref('stg_microfinance__transaction_types') }}

),

ledger_differences as (

    select * from {{ ref('ledger_differences') }}

),

balances as (

    select coalesce(sum(balance_amount), 0) as amount
    from accounts

),

ledger as (

    select
        coalesce(sum(
            case transaction_types.direction
                when 'CREDIT' then transactions.amount
                when 'DEBIT' then -transactions.amount
            end
        ), 0) as amount
    from transactions
    inner join transaction_types
        on transactions.transaction_type_id = transaction_types.transaction_type_id
    where transactions.is_active

),

differences as (

    select coalesce(sum(difference_amount), 0) as amount
    from ledger_differences

)

select
    balances.amount as balance_amount,
    ledger.amount as ledger_amount,
    differences.amount as difference_amount
from balances
cross join ledger
cross join differences
where balances.amount <> ledger.amount + differences.amount
