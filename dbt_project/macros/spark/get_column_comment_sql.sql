{#- A column of a view with its comment. dbt-spark and dbt-snowflake both have a macro of this name
    and neither dispatches it, so what stands here is called on every engine. -#}
{% macro get_column_comment_sql(column_name, column_dict) -%}
    {{ return(adapter.dispatch('get_column_comment_sql', 'finhouse')(column_name, column_dict)) }}
{%- endmacro %}

{#- The adapter's own. -#}
{% macro default__get_column_comment_sql(column_name, column_dict) -%}
    {{ return(dbt.get_column_comment_sql(column_name, column_dict)) }}
{%- endmacro %}

{#- Quoted and cut as Spark's catalogs need it; dbt-spark's own escapes no backslash and does not
    cut. -#}
{% macro spark__get_column_comment_sql(column_name, column_dict) -%}
    {%- set description = column_dict[column_name].description if column_name in column_dict -%}
    {{ adapter.quote(column_name) }} {{ 'comment ' ~ spark_comment(description) if description }}
{%- endmacro %}
