with templates as (

    select * from {{ ref('stg_pulse__pulse_monitor_templates') }}

),

final as (

    select
        template_id,
        template_code,
        template_name,
        template_description,
        category,
        natural_language_template,
        sql_template,
        data_source,
        default_frequency,
        default_severity,
        suggested_alert_condition,
        parameters,
        domain,
        usage_count,
        rating_count,
        avg_rating,
        created_at,
        updated_at
    from templates

)

select * from final
