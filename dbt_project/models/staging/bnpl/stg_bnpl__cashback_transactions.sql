with source as (

    select * from {{ source('bnpl', 'cashback_transactions') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as cashback_transaction_id,
        cast(account_id as {{ dbt.type_string() }}) as rewards_account_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        upper(trim(kind)) as cashback_kind,
        cast(amount as numeric(15, 2)) as cashback_amount,
        expires_on as expires_date,
        {{ to_utc('occurred_at') }} as occurred_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('occurred_at', 'bnpl') }} as occurred_date
    from renamed

)

select * from final
