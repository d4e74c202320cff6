with source as (

    select * from {{ source('operations', 'dbt_results') }}

),

renamed as (

    select
        invocation_id,
        node_id,
        resource_type,
        node_name,
        layer,
        tested_model as model_name,
        status as node_status,
        failing_row_count,
        execution_seconds,
        cast(run_started_at as timestamp) as run_started_at
    from source

)

select * from renamed
