with source as (

    select * from {{ source('microfinance', 'investments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as investment_id,
        cast(user_id as {{ dbt.type_string() }}) as customer_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(investment_product_id as {{ dbt.type_string() }}) as investment_product_id,
        upper(trim(status)) as investment_status,
        cast(amount as numeric(15, 2)) as amount,
        cast(total_return as numeric(15, 2)) as total_return_amount,
        active as is_active,
        start_date,
        end_date,
        closed_on as closed_date,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
