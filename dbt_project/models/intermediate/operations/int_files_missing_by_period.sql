with missing_files as (

    select * from {{ ref('int_files_missing') }}

),

final as (

    select
        source_name as domain,
        'month' as period_grain,
        {{ month_start('expected_date') }} as period_start,
        cast(count(*) as integer) as missing_file_count
    from missing_files
    group by source_name, {{ month_start('expected_date') }}

    union all

    select
        source_name as domain,
        'day' as period_grain,
        expected_date as period_start,
        cast(count(*) as integer) as missing_file_count
    from missing_files
    group by source_name, expected_date

)

select * from final
