with alerts as (

    select * from {{ ref('stg_pulse__pulse_alerts') }}

),

monitors as (

    select * from {{ ref('stg_pulse__pulse_monitors') }}

),

final as (

    select
        alerts.alert_id,
        alerts.monitor_id,
        monitors.monitor_name,
        monitors.domain,
        alerts.query_version,
        alerts.severity,
        alerts.alert_status,
        alerts.message,
        alerts.alert_data,
        alerts.fingerprint,
        alerts.publication_id,
        alerts.feedback,
        alerts.acknowledged_by_user_id,
        alerts.occurrence_count,
        alerts.alert_status = 'firing' as is_firing,
        alerts.is_acknowledged,
        alerts.alert_status = 'firing' and not alerts.is_acknowledged as is_unacknowledged,
        alerts.feedback is not null as is_judged,
        coalesce(alerts.feedback = 'true_positive', false) as is_true_positive,
        cast(
            {{ seconds_between('alerts.detected_at', 'alerts.acknowledged_at') }} / 3600
            as numeric(12, 2)
        ) as hours_to_acknowledge,
        cast(
            {{ seconds_between('alerts.detected_at', 'alerts.resolved_at') }} / 3600
            as numeric(12, 2)
        ) as hours_to_resolve,
        alerts.as_of_date,
        cast(alerts.detected_at as date) as detected_date,
        alerts.detected_at,
        alerts.first_seen_at,
        alerts.last_seen_at,
        alerts.acknowledged_at,
        alerts.feedback_at,
        alerts.snoozed_until,
        alerts.resolved_at
    from alerts
    left join monitors
        on alerts.monitor_id = monitors.monitor_id

)

select * from final
