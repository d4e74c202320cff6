with source as (

    select * from {{ source('pulse', 'pulse_alerts') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as alert_id,
        cast(monitor_id as {{ dbt.type_string() }}) as monitor_id,
        cast(query_version as integer) as query_version,
        severity,
        status as alert_status,
        message,
        data as alert_data,
        fingerprint,
        publication_id,
        feedback,
        acknowledged_by as acknowledged_by_user_id,
        cast(occurrence_count as integer) as occurrence_count,
        cast(acknowledged as boolean) as is_acknowledged,
        cast(as_of_date as date) as as_of_date,
        {{ to_utc('detected_at') }} as detected_at,
        {{ to_utc('first_seen_at') }} as first_seen_at,
        {{ to_utc('last_seen_at') }} as last_seen_at,
        {{ to_utc('acknowledged_at') }} as acknowledged_at,
        {{ to_utc('feedback_at') }} as feedback_at,
        {{ to_utc('snoozed_until') }} as snoozed_until,
        {{ to_utc('resolved_at') }} as resolved_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
