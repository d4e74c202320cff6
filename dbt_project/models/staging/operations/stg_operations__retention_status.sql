with source as (

    select * from {{ source('operations', 'retention_status') }}

),

renamed as (

    select
        source_name,
        table_name,
        row_count,
        due_row_count,
        held_row_count,
        overdue_row_count,
        as_of_date,
        first_day as first_kept_date,
        oldest_row_date,
        cast(measured_at as timestamp) as measured_at
    from source

)

select * from renamed
