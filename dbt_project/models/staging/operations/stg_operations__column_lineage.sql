with source as (

    select * from {{ source('operations', 'column_lineage') }}

),

renamed as (

    select
        mart_name,
        mart_column,
        source_name,
        source_table,
        source_column,
        lineage_kind,
        lineage_path
    from source

)

select * from renamed
