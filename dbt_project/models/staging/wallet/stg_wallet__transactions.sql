with source as (

    select * from {{ source('wallet', 'transactions') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as transaction_id,
        cast(sender_id as {{ dbt.type_string() }}) as sender_user_id,
        cast(recipient_id as {{ dbt.type_string() }}) as recipient_user_id,
        nullif(trim(bank_id), '') as bank_code,
        bank_reference,
        upper(trim(currency)) as currency_code,
        -- The runtime also writes SETTLED, which means COMPLETED.
        case upper(trim(status)) when 'SETTLED' then 'COMPLETED' else upper(trim(status)) end
            as transaction_status,
        lower(trim(channel)) as channel,
        device_type,
        app_version,
        cast(amount as numeric(15, 2)) as amount,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'wallet') }} as transaction_date
    from renamed

)

select * from final
