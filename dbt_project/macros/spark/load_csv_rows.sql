{#- The rows of a seed, as literals cast to the declared types: dbt-spark's own binds numbers as
    floats, null as the text None and leaves quotes as they are. -#}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
        {%- set sql -%}
            insert into {{ this.render() }} values
            {% for row in chunk -%}
            (
            {%- for value in row -%}
                cast({{ spark_literal(value) }} as {{ spark_seed_type(model, agate_table, loop.index0) }})
                {{- ', ' if not loop.last }}
            {%- endfor -%}
            ){{ ', ' if not loop.last }}
            {% endfor %}
        {%- endset -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
        {%- do statements.append(sql) -%}
    {%- endfor -%}
    {{ return(statements[0]) }}
{%- endmacro %}
