with source as (

    select * from {{ source('wallet', 'service_incidents') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as service_incident_id,
        lower(trim(service)) as service,
        lower(trim(severity)) as severity,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('resolved_at') }} as resolved_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('started_at', 'wallet') }} as started_date
    from renamed

)

select * from final
