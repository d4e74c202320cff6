with source as (

    select * from {{ source('bnpl', 'loyalty_programs') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as loyalty_program_id,
        cast(merchant_id as {{ dbt.type_string() }}) as merchant_id,
        cast(rate as numeric(6, 4)) as cashback_rate,
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
