with declared as (

    select * from {{ ref('int_raw_tables_declared') }}

),

loads as (

    select * from {{ ref('stg_operations__load_log') }}

),

last_loads as (

    select
        source_name,
        table_name,
        max(loaded_at) as last_loaded_at,
        max(
            case
                when inserted_row_count + updated_row_count + deleted_row_count > 0 then loaded_at
            end
        ) as last_changed_at
    from loads
    where load_status = 'succeeded'
    group by source_name, table_name

),

aged as (

    select
        declared.source_name,
        declared.table_name,
        declared.warn_after_hours,
        declared.error_after_hours,
        last_loads.last_loaded_at,
        last_loads.last_changed_at,
        {{ build_started_at() }} as checked_at
    from declared
    left join last_loads
        on
            declared.source_name = last_loads.source_name
            and declared.table_name = last_loads.table_name

),

-- A load that ended after the build began, beside it, is of age 0.
measured as (

    select
        *,
        case
            when last_loaded_at > checked_at then 0
            else {{ seconds_between('last_loaded_at', 'checked_at') }}
        end as age_seconds
    from aged

),

final as (

    select
        source_name,
        table_name,
        case
            when age_seconds <= warn_after_hours * 3600 then 'ok'
            else 'late'
        end as status,
        cast(age_seconds / 3600 as numeric(12, 2)) as age_hours,
        warn_after_hours,
        error_after_hours,
        last_loaded_at,
        last_changed_at,
        checked_at
    from measured

)

select * from final
