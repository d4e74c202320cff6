with source as (

    select * from {{ source('pulse', 'pulse_execution_log') }}

),

renamed as (

    select
        cast(id as bigint) as execution_id,
        cast(monitor_id as {{ dbt.type_string() }}) as monitor_id,
        cast(query_version as integer) as query_version,
        outcome,
        error_message,
        publication_id,
        cast(rows_returned as integer) as returned_row_count,
        cast(execution_duration_ms as integer) as execution_duration_ms,
        cast(alert_triggered as boolean) as is_alert_triggered,
        cast(as_of_date as date) as as_of_date,
        {{ to_utc('executed_at') }} as executed_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
