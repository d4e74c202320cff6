{#- A warehouse may hold files of businesses that this run is not for. -#}
{%- set left_out = var('domains') | reject('in', domains()) -%}
{%- set last_date = "cast('" ~ var('as_of_date') ~ "' as date)"
    if var('as_of_date') else 'expected_files.checked_date' -%}
with expected_files as (

    select * from {{ ref('stg_operations__expected_files') }}

),

loaded_files as (

    select * from {{ ref('stg_operations__file_state') }}

),

final as (

    select
        expected_files.source_name,
        expected_files.table_name,
        expected_files.expected_date,
        expected_files.file_name,
        cast(
            {{ days_between('expected_files.expected_date', 'expected_files.checked_date') }}
            as integer
        ) as days_late,
        expected_files.checked_date
    from expected_files
    left join loaded_files
        on
            expected_files.source_name = loaded_files.source_name
            and expected_files.table_name = loaded_files.table_name
            and expected_files.file_name = loaded_files.file_name
    where
        loaded_files.file_name is null
        and expected_files.source_name not in (
            '{{ left_out | join("', '") }}'
        )
        and expected_files.expected_date <= {{ last_date }}

)

select * from final
