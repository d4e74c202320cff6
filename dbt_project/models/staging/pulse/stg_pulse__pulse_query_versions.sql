with source as (

    select * from {{ source('pulse', 'pulse_query_versions') }}

),

renamed as (

    select
        cast(id as integer) as version_id,
        cast(monitor_id as {{ dbt.type_string() }}) as monitor_id,
        cast(version as integer) as query_version,
        sql_query,
        alert_condition,
        change_reason,
        created_by as created_by_user_id,
        {{ to_utc('created_at') }} as created_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
