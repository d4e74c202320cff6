with source as (

    select * from {{ source('inventory', 'stock_levels') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as stock_level_id,
        material_number,
        sales_office_name,
        cast(on_hand_units as numeric(14, 3)) as on_hand_units,
        day as stock_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'inventory') }} as created_date
    from renamed

)

select * from final
