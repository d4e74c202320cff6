{#- When this dbt run began, as a naive UTC timestamp: one "now" for all models of a build. -#}
{% macro build_started_at() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}
