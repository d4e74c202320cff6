{#- A table whose contract is enforced: made with its types, not-null rules and comments, then
    filled. Spark refuses a null in a column that must have none, and a value that does not fit;
    dbt-spark's own macro knows no not-null rule for Iceberg and no comments but one statement a
    column. Tables without a contract are made as dbt-spark does.
    Nobody reads a mart here before it is tested, fetched and published. -#}
{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary or not config.get('contract').enforced -%}
        {{ return(dbt.spark__create_table_as(temporary, relation, compiled_code, language)) }}
    {%- endif -%}
    {{ get_assert_columns_equivalent(compiled_code) }}
    {%- call statement('create_empty') -%}
        create or replace table {{ relation }} (
            {% for column in model.columns.values() -%}
            {%- set rules = column.constraints | map(attribute='type') | list -%}
            {{ adapter.quote(column.name) }} {{ column.data_type }}
            {{- ' not null' if 'not_null' in rules }} comment {{ spark_comment(column.description) }}
            {{- ', ' if not loop.last }}
            {% endfor %}
        )
        {{ file_format_clause() }}
        comment {{ spark_literal(model.description) }}
    {%- endcall -%}
    insert into {{ relation }}
    {{ get_select_subquery(compiled_code) }}
{%- endmacro %}
