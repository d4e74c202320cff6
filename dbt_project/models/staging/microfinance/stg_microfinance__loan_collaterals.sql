with source as (

    select * from {{ source('microfinance', 'loan_collaterals') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as collateral_id,
        cast(loan_id as {{ dbt.type_string() }}) as loan_id,
        lower(trim(kind)) as collateral_kind,
        cast(estimated_value as numeric(15, 2)) as estimated_value_amount,
        active as is_active,
        valued_on as valued_date,
        released_on as released_date,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
