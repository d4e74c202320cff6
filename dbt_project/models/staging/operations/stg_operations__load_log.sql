with source as (

    select * from {{ source('operations', 'load_log') }}

),

renamed as (

    select
        batch_id,
        source_name,
        table_name,
        file_name,
        load_mode,
        status as load_status,
        source_row_count,
        read_row_count,
        inserted_row_count,
        updated_row_count,
        deleted_row_count,
        duplicate_row_count,
        raw_row_count,
        started_at,
        loaded_at,
        source_time
    from source

)

select * from renamed
