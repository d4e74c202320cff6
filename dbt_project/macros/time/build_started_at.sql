{#- When this dbt run began, as a naive UTC timestamp: one "now" for all models of a build.
    var build_started_at, if set, takes its place: two builds that are compared must not differ by
    the time between them. -#}
{% macro build_started_at() -%}
    {%- set started_at = var('build_started_at') or run_started_at.strftime("%Y-%m-%d %H:%M:%S") -%}
    cast('{{ started_at }}' as timestamp)
{%- endmacro %}
