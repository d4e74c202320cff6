with source as (

    select * from {{ source('bnpl', 'products') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as product_id,
        cast(merchant_id as {{ dbt.type_string() }}) as merchant_id,
        cast(category_id as {{ dbt.type_string() }}) as category_id,
        eligible_plans,
        cast(price as numeric(15, 2)) as price_amount,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
