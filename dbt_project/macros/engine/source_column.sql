{#- A column of a raw table whose name needs quotes, as it has capitals or spaces or is a keyword:
    source_column('Ship Name') -> "Ship Name". -#}
{% macro source_column(name) -%}
    {{ return(adapter.dispatch('source_column', 'finhouse')(name)) }}
{%- endmacro %}

{% macro default__source_column(name) -%}
    {{ adapter.quote(name) }}
{%- endmacro %}

{#- Raw tables are shipped there in capitals. -#}
{% macro snowflake__source_column(name) -%}
    {{ adapter.quote(name | upper) }}
{%- endmacro %}
