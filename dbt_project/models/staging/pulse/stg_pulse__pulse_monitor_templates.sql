with source as (

    select * from {{ source('pulse', 'pulse_monitor_templates') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as template_id,
        code as template_code,
        name as template_name,
        description as template_description,
        category,
        natural_language_template,
        sql_template,
        data_source,
        default_frequency,
        default_severity,
        suggested_alert_condition,
        parameters,
        domain,
        cast(usage_count as integer) as usage_count,
        cast(rating_count as integer) as rating_count,
        cast(avg_rating as numeric(3, 2)) as avg_rating,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
