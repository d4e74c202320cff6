with source as (

    select * from {{ source('pulse', 'pulse_monitors') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as monitor_id,
        user_id as owner_user_id,
        name as monitor_name,
        description as monitor_description,
        natural_language_query,
        sql_query,
        data_source,
        alert_condition,
        severity,
        frequency,
        cast(enabled as boolean) as is_enabled,
        disabled_reason,
        domain,
        cast(template_id as {{ dbt.type_string() }}) as template_id,
        cast(query_version as integer) as query_version,
        {{ to_utc('next_run') }} as next_run_at,
        {{ to_utc('last_run') }} as last_run_at,
        cast(true_positives as integer) as true_positives,
        cast(false_positives as integer) as false_positives,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
