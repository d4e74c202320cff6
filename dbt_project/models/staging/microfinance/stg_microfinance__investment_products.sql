with source as (

    select * from {{ source('microfinance', 'investment_products') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as investment_product_id,
        code as investment_product,
        name as investment_product_name,
        cast(annual_rate as numeric(6, 4)) as annual_rate,
        cast(term_months as integer) as term_months,
        cast(minimum_amount as numeric(15, 2)) as minimum_amount,
        active as is_active,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
