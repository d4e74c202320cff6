with source as (

    select * from {{ source('wallet', 'users') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as user_id,
        cast(referrer_user_id as {{ dbt.type_string() }}) as referrer_user_id,
        blood_hash,
        lower(trim(status)) as user_status,
        lower(trim(signup_source)) as signup_source,
        {{ to_utc('created_at') }} as signed_up_at,
        {{ to_utc('last_active') }} as last_active_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('signed_up_at', 'wallet') }} as signup_date
    from renamed

)

select * from final
