with missing_files as (

    select * from {{ ref('int_files_missing') }}

),

final as (

    select
        source_name,
        table_name,
        expected_date,
        file_name,
        days_late,
        checked_date
    from missing_files

)

select * from final
