with source as (

    select * from {{ source('operations', 'column_classes') }}

),

renamed as (

    select
        layer,
        schema_name,
        source_name,
        table_name,
        column_name,
        class_level,
        class_category,
        masking,
        owner,
        reaches_dashboard
    from source

)

select * from renamed
