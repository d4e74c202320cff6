with source as (

    select * from {{ source('wallet', 'user_activity') }}

),

renamed as (

    select
        cast(activity_id as {{ dbt.type_string() }}) as activity_id,
        cast(user_id as {{ dbt.type_string() }}) as user_id,
        lower(trim(activity_type)) as activity_type,
        device_type,
        app_version,
        {{ to_utc('timestamp') }} as active_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('active_at', 'wallet') }} as activity_date
    from renamed

)

select * from final
