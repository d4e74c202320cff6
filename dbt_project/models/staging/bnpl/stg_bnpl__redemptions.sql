with source as (

    select * from {{ source('bnpl', 'redemptions') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as redemption_id,
        cast(cashback_transaction_id as {{ dbt.type_string() }}) as cashback_transaction_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
