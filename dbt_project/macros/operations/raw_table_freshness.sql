{#- The declared raw tables with the age their sources' freshness allows, read from the sources
    themselves: a list of {source_name, table_name, warn_after_hours, error_after_hours}, the hours
    none where no bound is set. Empty while dbt parses. -#}
{% macro raw_table_freshness() -%}
    {%- set tables = [] -%}
    {%- if execute -%}
        {%- for source in graph.sources.values() | sort(attribute='unique_id') -%}
            {%- set freshness = source.freshness or {} -%}
            {%- set warn_after = freshness.warn_after or {} -%}
            {%- if warn_after.count -%}
                {%- do tables.append({
                    'source_name': source.source_name,
                    'table_name': source.identifier,
                    'warn_after_hours': hours(warn_after),
                    'error_after_hours': hours(freshness.error_after or {}),
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(tables) }}
{%- endmacro %}

{#- A span {count, period} in hours: {count: 2, period: day} -> 48.0; none for an empty one. -#}
{% macro hours(span) -%}
    {{ return(span.count * {'minute': 1 / 60, 'hour': 1.0, 'day': 24.0}[span.period]
        if span.count else none) }}
{%- endmacro %}
