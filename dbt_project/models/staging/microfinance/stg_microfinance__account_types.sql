with source as (

    select * from {{ source('microfinance', 'account_types') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as account_type_id,
        code as account_type,
        name as account_type_name,
        cast(interest_rate as numeric(6, 4)) as interest_rate,
        cast(monthly_fee as numeric(15, 2)) as monthly_fee_amount,
        active as is_active,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
