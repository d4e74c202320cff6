with accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

entries as (

    select * from {{ ref('int_account_entries_signed') }}

),

ledger as (

    select
        account_id,
        cast(count(*) as bigint) as entry_count,
        sum(signed_amount) as ledger_amount
    from entries
    group by account_id

),

compared as (

    select
        accounts.account_id,
        accounts.customer_id,
        accounts.account_status,
        coalesce(ledger.entry_count, 0) as entry_count,
        {{ money('accounts.balance_amount') }} as balance_amount,
        {{ money('ledger.ledger_amount') }} as ledger_amount
    from accounts
    left join ledger
        on accounts.account_id = ledger.account_id

),

final as (

    select
        account_id,
        customer_id,
        account_status,
        entry_count,
        balance_amount,
        ledger_amount,
        {{ money('balance_amount - ledger_amount') }} as difference_amount,
        '{{ currency_of("microfinance") }}' as currency_code
    from compared
    where balance_amount <> ledger_amount

)

select * from final
