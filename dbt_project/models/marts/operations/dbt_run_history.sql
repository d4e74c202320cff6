-- The outcome of a build is recorded when it has ended, and published after that: a table would
-- lack it.
{{ config(materialized='view') }}

with results as (

    select * from {{ ref('stg_operations__dbt_results') }}

),

final as (

    select
        invocation_id,
        node_name as model_name,
        case when resource_type = 'seed' then 'seeds' else layer end as layer,
        node_status as run_status,
        node_status in ('error', 'runtime error') as is_failed,
        cast(execution_seconds as numeric(12, 3)) as execution_seconds,
        run_started_at,
        cast(run_started_at as date) as run_date
    from results
    where resource_type in ('model', 'seed')

)

select * from final
