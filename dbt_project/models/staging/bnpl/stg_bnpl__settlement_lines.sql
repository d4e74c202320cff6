with source as (

    select * from {{ source('bnpl', 'settlement_lines') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as settlement_line_id,
        cast(settlement_id as {{ dbt.type_string() }}) as settlement_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(gross as numeric(15, 2)) as gross_amount,
        cast(commission as numeric(15, 2)) as commission_amount,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
