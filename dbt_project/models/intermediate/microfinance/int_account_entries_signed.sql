{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('stg_microfinance__transactions') }}

),

transaction_types as (

    select * from {{ ref('stg_microfinance__transaction_types') }}

),

accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

-- Every entry that stands: a voided one is soft-deleted. Not cut at the as-of day: the balance the
-- ledger is compared with is today's.
final as (

    select
        transactions.transaction_id,
        transactions.account_id,
        accounts.customer_id,
        transaction_types.transaction_type,
        transactions.amount,
        cast(
            case
                when transaction_types.direction = 'CREDIT' then transactions.amount
                else -transactions.amount
            end as numeric(15, 2)
        ) as signed_amount,
        transaction_types.is_customer_initiated,
        transactions.transaction_date <= {{ as_of_date('microfinance') }} as is_until_as_of_date,
        transactions.transaction_date,
        {{ month_start('transactions.transaction_date') }} as transaction_month
    from transactions
    inner join transaction_types
        on transactions.transaction_type_id = transaction_types.transaction_type_id
    inner join accounts
        on transactions.account_id = accounts.account_id
    where transactions.is_active

)

select * from final
