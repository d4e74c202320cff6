with source as (

    select * from {{ source('microfinance', 'transfers') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as transfer_id,
        cast(from_account_id as {{ dbt.type_string() }}) as from_account_id,
        cast(to_account_id as {{ dbt.type_string() }}) as to_account_id,
        upper(trim(status)) as transfer_status,
        failure_reason,
        cast(amount as numeric(15, 2)) as amount,
        active as is_active,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'microfinance') }} as transfer_date
    from renamed

)

select * from final
