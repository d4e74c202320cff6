with source as (

    select * from {{ source('microfinance', 'transactions') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as transaction_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(transaction_type_id as {{ dbt.type_string() }}) as transaction_type_id,
        reference,
        cast(amount as numeric(15, 2)) as amount,
        active as is_active,
        {{ to_utc('transaction_date') }} as transacted_at,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('transacted_at', 'microfinance') }} as transaction_date,
        {{ business_date('created_at', 'microfinance') }} as created_date
    from renamed

)

select * from final
