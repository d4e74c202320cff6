with source as (

    select * from {{ source('operations', 'retention_purges') }}

),

renamed as (

    select
        purge_id,
        source_name,
        table_name,
        action as purge_action,
        due_row_count,
        held_row_count,
        purged_row_count,
        as_of_date,
        first_day as first_kept_date,
        cast(purged_at as timestamp) as purged_at
    from source

)

select * from renamed
