{#- The tables and views of a schema as dbt-spark reads them: schema, name, is temporary, and the
    words it looks for. Two statements; dbt-spark asks about each relation apart, as its own query
    does not know Iceberg's catalogs. -#}
{% macro spark__list_relations_without_caching(relation) -%}
    {%- set schema = relation.schema -%}
    {%- set found = [] -%}
    {%- set views = run_query('show views in ' ~ schema) -%}
    {%- for row in views -%}
        {%- do found.append([schema, row['viewName'], false, 'Type: VIEW']) -%}
    {%- endfor -%}
    {%- set names = found | map(attribute=1) | list -%}
    {%- for row in run_query('show tables in ' ~ schema) if row['tableName'] not in names -%}
        {%- do found.append([schema, row['tableName'], false, 'Type: TABLE\nProvider: iceberg']) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
