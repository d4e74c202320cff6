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
        -- Local wall-clock times: a day's downtime is measured in business days.
        {{ local_timestamp('started_at', 'wallet') }} as started_local_at,
        {{ local_timestamp('resolved_at', 'wallet') }} as resolved_local_at
    from renamed

)

select * from final
