with source as (

    select * from {{ source('microfinance', 'investment_earnings') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as earning_id,
        cast(investment_id as {{ dbt.type_string() }}) as investment_id,
        cast(amount as numeric(15, 2)) as amount,
        active as is_active,
        paid_on as paid_date,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
