with source as (

    select * from {{ source('commerce', 'sales_offices') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as sales_office_id,
        sales_office_name,
        region,
        opened_on,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'commerce') }} as created_date
    from renamed

)

select * from final
