-- The project of a build is recorded when it has ended, and published after that: a table would
-- tell of the build before.
{{ config(materialized='view') }}

with classes as (

    select * from {{ ref('stg_operations__column_classes') }}

),

policies as (

    select * from {{ ref('retention_policies') }}

),

final as (

    select
        classes.layer,
        classes.schema_name,
        classes.table_name,
        classes.column_name,
        classes.class_level,
        classes.class_category,
        classes.masking,
        cast(policies.keep_months as integer) as retention_months,
        classes.owner,
        classes.reaches_dashboard
    from classes
    left join policies
        on
            classes.source_name = policies.source_name
            and classes.table_name = policies.table_name

)

select * from final
