with source as (

    select * from {{ source('bnpl', 'customers') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as customer_id,
        cast(referred_by_customer_id as {{ dbt.type_string() }}) as referred_by_customer_id,
        region,
        upper(trim(status)) as customer_status,
        date_of_birth,
        {{ to_utc('created_at') }} as signed_up_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('signed_up_at', 'bnpl') }} as signup_date
    from renamed

)

select * from final
