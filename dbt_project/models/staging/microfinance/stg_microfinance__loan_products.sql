with source as (

    select * from {{ source('microfinance', 'loan_products') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as loan_product_id,
        code as loan_product,
        name as loan_product_name,
        cast(interest_rate as numeric(6, 4)) as interest_rate,
        cast(processing_fee_rate as numeric(6, 4)) as processing_fee_rate,
        is_secured,
        active as is_active,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
