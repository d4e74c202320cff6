with source as (

    select * from {{ source('bnpl', 'disputes') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as dispute_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        reason as dispute_reason,
        upper(trim(outcome)) as dispute_outcome,
        cast(refunded_amount as numeric(15, 2)) as refunded_amount,
        {{ to_utc('opened_at') }} as opened_at,
        {{ to_utc('resolved_at') }} as resolved_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('opened_at', 'bnpl') }} as opened_date,
        {{ business_date('resolved_at', 'bnpl') }} as resolved_date
    from renamed

)

select * from final
