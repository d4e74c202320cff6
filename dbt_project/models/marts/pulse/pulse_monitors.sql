with monitors as (

    select * from {{ ref('stg_pulse__pulse_monitors') }}

),

templates as (

    select * from {{ ref('stg_pulse__pulse_monitor_templates') }}

),

alerts as (

    select * from {{ ref('stg_pulse__pulse_alerts') }}

),

alerts_by_monitor as (

    select
        monitor_id,
        count(*) as alert_count,
        {{ count_where("feedback = 'true_positive'") }} as true_positive_count,
        {{ count_where("feedback = 'false_positive'") }} as false_positive_count,
        {{ count_where("alert_status = 'firing'") }} as firing_alert_count
    from alerts
    group by monitor_id

),

-- Counted from the alerts that were loaded, so that the row adds up with those of pulse_alerts.
counted as (

    select
        monitors.*,
        templates.template_code,
        coalesce(alerts_by_monitor.alert_count, 0) as alert_count,
        coalesce(alerts_by_monitor.firing_alert_count, 0) as firing_alert_count,
        coalesce(alerts_by_monitor.true_positive_count, 0) as true_positive_count,
        coalesce(alerts_by_monitor.false_positive_count, 0) as false_positive_count
    from monitors
    left join templates
        on monitors.template_id = templates.template_id
    left join alerts_by_monitor
        on monitors.monitor_id = alerts_by_monitor.monitor_id

),

final as (

    select
        monitor_id,
        owner_user_id,
        monitor_name,
        monitor_description,
        natural_language_query,
        sql_query,
        data_source,
        alert_condition,
        severity,
        frequency,
        is_enabled,
        disabled_reason,
        domain,
        template_code,
        query_version,
        next_run_at,
        last_run_at,
        cast(alert_count as bigint) as alert_count,
        cast(firing_alert_count as bigint) as firing_alert_count,
        cast(true_positive_count as bigint) as true_positive_count,
        cast(false_positive_count as bigint) as false_positive_count,
        {{ ratio(
            'true_positive_count', 'true_positive_count + false_positive_count'
        ) }} as precision_rate,
        created_at,
        updated_at
    from counted

)

select * from final
