with source as (

    select * from {{ source('commerce', 'sales_offices') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as sales_office_id,
        sales_office_name,
        region,
        opened_on as opened_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
