-- One definition of the thresholds: the freshness of the sources, which dbt also judges by.
with declared as (

    {% for table in raw_table_freshness() %}
    select
        '{{ table.source_name }}' as source_name,
        '{{ table.table_name }}' as table_name,
        {{ table.warn_after_hours }} as warn_after_hours,
        {{ table.error_after_hours if table.error_after_hours else 'null' }} as error_after_hours
    union all
    {% endfor %}
    select
        null as source_name,
        null as table_name,
        null as warn_after_hours,
        null as error_after_hours

),

final as (

    select
        cast(source_name as {{ dbt.type_string() }}) as source_name,
        cast(table_name as {{ dbt.type_string() }}) as table_name,
        cast(warn_after_hours as numeric(12, 2)) as warn_after_hours,
        cast(error_after_hours as numeric(12, 2)) as error_after_hours
    from declared
    where source_name is not null

)

select * from final
