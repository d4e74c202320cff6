with source as (

    select * from {{ source('inventory', 'purchase_orders') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as purchase_order_id,
        purchase_order_number,
        material_number,
        sales_office_name,
        cast(quantity as numeric(14, 3)) as ordered_units,
        cast(unit_cost as numeric(12, 4)) as unit_cost,
        ordered_on as ordered_date,
        received_on as received_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
