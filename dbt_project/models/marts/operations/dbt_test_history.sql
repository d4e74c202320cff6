-- The outcome of a build is recorded when it has ended, and published after that: a table would
-- lack it.
{{ config(materialized='view') }}

with results as (

    select * from {{ ref('stg_operations__dbt_results') }}

),

final as (

    select
        invocation_id,
        node_name as test_name,
        model_name,
        node_status as test_status,
        node_status = 'pass' as is_passed,
        node_status = 'warn' as is_warned,
        node_status in ('fail', 'error', 'runtime error') as is_failed,
        coalesce(failing_row_count, 0) as failing_row_count,
        cast(execution_seconds as numeric(12, 3)) as execution_seconds,
        run_started_at,
        cast(run_started_at as date) as run_date
    from results
    where resource_type = 'test'

)

select * from final
