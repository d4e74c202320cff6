with declared as (

    {% for mart in mart_data_classes() %}
    select
        '{{ mart.mart_name }}' as mart_name,
        '{{ mart.data_class }}' as mart_data_class
    union all
    {% endfor %}
    select
        null as mart_name,
        null as mart_data_class

),

final as (

    select
        cast(mart_name as {{ dbt.type_string() }}) as mart_name,
        cast(mart_data_class as {{ dbt.type_string() }}) as mart_data_class
    from declared
    where mart_name is not null

)

select * from final
