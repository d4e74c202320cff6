-- The project of a build is recorded when it has ended, and published after that: a table would
-- tell of the build before.
{{ config(materialized='view') }}

with lineage as (

    select * from {{ ref('stg_operations__column_lineage') }}

),

final as (

    select
        mart_name,
        mart_column,
        source_name,
        source_table,
        source_column,
        lineage_kind,
        lineage_path
    from lineage

)

select * from final
