{#- An empty table for a seed, with its declared types: Spark has no varchar without a length. -#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set sql -%}
        create or replace table {{ this.render() }} (
            {% for column in agate_table.column_names -%}
            {{ adapter.quote(column) }} {{ spark_seed_type(model, agate_table, loop.index0) }}
            {{- ', ' if not loop.last }}
            {% endfor %}
        )
        {{ file_format_clause() }}
        {{ comment_clause() }}
    {%- endset -%}
    {%- call statement('_') -%}
        {{ sql }}
    {%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}
