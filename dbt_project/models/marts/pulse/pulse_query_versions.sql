with versions as (

    select * from {{ ref('stg_pulse__pulse_query_versions') }}

),

monitors as (

    select * from {{ ref('stg_pulse__pulse_monitors') }}

),

alerts as (

    select * from {{ ref('stg_pulse__pulse_alerts') }}

),

alerts_by_version as (

    select
        monitor_id,
        query_version,
        count(*) as alert_count,
        {{ count_where("feedback = 'true_positive'") }} as true_positive_count,
        {{ count_where("feedback = 'false_positive'") }} as false_positive_count
    from alerts
    group by monitor_id, query_version

),

counted as (

    select
        versions.*,
        monitors.monitor_name,
        coalesce(versions.query_version = monitors.query_version, false) as is_current,
        coalesce(alerts_by_version.alert_count, 0) as alert_count,
        coalesce(alerts_by_version.true_positive_count, 0) as true_positive_count,
        coalesce(alerts_by_version.false_positive_count, 0) as false_positive_count
    from versions
    left join monitors
        on versions.monitor_id = monitors.monitor_id
    left join alerts_by_version
        on
            versions.monitor_id = alerts_by_version.monitor_id
            and versions.query_version = alerts_by_version.query_version

),

final as (

    select
        version_id,
        monitor_id,
        monitor_name,
        query_version,
        sql_query,
        alert_condition,
        change_reason,
        created_by_user_id,
        is_current,
        cast(alert_count as bigint) as alert_count,
        cast(true_positive_count + false_positive_count as bigint) as judged_alert_count,
        cast(true_positive_count as bigint) as true_positive_count,
        cast(false_positive_count as bigint) as false_positive_count,
        {{ ratio(
            'true_positive_count', 'true_positive_count + false_positive_count'
        ) }} as precision_rate,
        created_at
    from counted

)

select * from final
