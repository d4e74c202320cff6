with source as (

    select * from {{ source('bnpl', 'reviews') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as review_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(stars as integer) as star_count,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as review_date
    from renamed

)

select * from final
