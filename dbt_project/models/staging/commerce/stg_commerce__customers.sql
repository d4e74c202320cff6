with source as (

    select * from {{ source('commerce', 'customers') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as customer_id,
        sales_office_name,
        customer_number as customer,
        customer_name,
        lower(trim(customer_group)) as customer_group,
        is_internal,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
