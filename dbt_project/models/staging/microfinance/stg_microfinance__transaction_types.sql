with source as (

    select * from {{ source('microfinance', 'transaction_types') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as transaction_type_id,
        code as transaction_type,
        name as transaction_type_name,
        upper(trim(direction)) as direction,
        is_customer_initiated,
        active as is_active,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
