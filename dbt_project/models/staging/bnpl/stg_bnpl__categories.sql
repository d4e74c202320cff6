with source as (

    select * from {{ source('bnpl', 'categories') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as category_id,
        cast(parent_id as {{ dbt.type_string() }}) as parent_category_id,
        name as category_name,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
