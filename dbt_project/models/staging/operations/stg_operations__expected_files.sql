with source as (

    select * from {{ source('operations', 'expected_files') }}

),

renamed as (

    select
        source_name,
        table_name,
        file_name,
        cast(expected_date as date) as expected_date,
        cast(checked_date as date) as checked_date
    from source

)

select * from renamed
