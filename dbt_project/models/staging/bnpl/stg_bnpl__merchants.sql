with source as (

    select * from {{ source('bnpl', 'merchants') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as merchant_id,
        cast(category_id as {{ dbt.type_string() }}) as category_id,
        name as merchant_name,
        upper(trim(status)) as merchant_status,
        cast(commission_rate as numeric(6, 4)) as commission_rate,
        cast(settlement_days as integer) as settlement_days,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as joined_date
    from renamed

)

select * from final
