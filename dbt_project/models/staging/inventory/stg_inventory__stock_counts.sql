with source as (

    select * from {{ source('inventory', 'stock_counts') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as stock_count_id,
        material_number,
        sales_office_name,
        cast(counted_units as numeric(14, 3)) as counted_units,
        cast(system_units as numeric(14, 3)) as system_units,
        counted_on as counted_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
