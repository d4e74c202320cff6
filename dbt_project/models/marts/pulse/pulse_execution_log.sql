with executions as (

    select * from {{ ref('stg_pulse__pulse_execution_log') }}

),

monitors as (

    select * from {{ ref('stg_pulse__pulse_monitors') }}

),

final as (

    select
        executions.execution_id,
        executions.monitor_id,
        monitors.monitor_name,
        executions.query_version,
        executions.outcome,
        executions.error_message,
        executions.publication_id,
        executions.returned_row_count,
        executions.execution_duration_ms,
        executions.is_alert_triggered,
        executions.outcome = 'error' as is_failed,
        executions.as_of_date,
        cast(executions.executed_at as date) as executed_date,
        executions.executed_at
    from executions
    left join monitors
        on executions.monitor_id = monitors.monitor_id

)

select * from final
