with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

-- 30 days to the as-of date, that day included; any status, as the wallet's brief counts.
received as (

    select
        users.blood_hash,
        cast(count(*) as bigint) as transaction_count,
        cast(count(distinct transactions.sender_user_id) as bigint) as sender_count,
        {{ money('sum(transactions.amount)') }} as total_volume
    from transactions
    inner join users
        on transactions.recipient_user_id = users.user_id
    where transactions.transaction_date > {{ add_days(as_of_date('wallet'), -30) }}
    group by users.blood_hash

),

ranked as (

    select
        *,
        row_number() over (
            order by transaction_count desc, total_volume desc, blood_hash asc
        ) as recipient_rank
    from received

),

final as (

    select
        blood_hash,
        cast(recipient_rank as integer) as recipient_rank,
        transaction_count,
        total_volume,
        {{ ratio('total_volume', 'transaction_count') }} as avg_transaction,
        '{{ currency_of("wallet") }}' as currency_code,
        sender_count,
        {{ as_of_date('wallet') }} as as_of_date
    from ranked
    where recipient_rank <= {{ var('wallet_top_recipients_limit') }}

)

select * from final
