with source as (

    select * from {{ source('operations', 'file_state') }}

),

renamed as (

    select
        source_name,
        table_name,
        file_name,
        row_count,
        batch_id,
        cast(updated_at as timestamp) as loaded_at
    from source

)

select * from renamed
