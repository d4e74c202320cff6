{#- A column of a view with its comment, quoted and cut as Spark's catalogs need it; dbt-spark's own
    escapes no backslash and does not cut. -#}
{% macro get_column_comment_sql(column_name, column_dict) -%}
    {%- set description = column_dict[column_name].description if column_name in column_dict -%}
    {{ adapter.quote(column_name) }} {{ 'comment ' ~ spark_comment(description) if description }}
{%- endmacro %}
