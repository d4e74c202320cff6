{#- True where a text column matches a POSIX regular expression: matches('amount', '^[0-9]+$'). -#}
{% macro matches(column, pattern) -%}
    {{ return(adapter.dispatch('matches', 'finhouse')(column, pattern)) }}
{%- endmacro %}

{% macro default__matches(column, pattern) -%}
    ({{ column }} ~ '{{ pattern }}')
{%- endmacro %}

{% macro duckdb__matches(column, pattern) -%}
    regexp_matches({{ column }}, '{{ pattern }}')
{%- endmacro %}

{#- regexp_like would match the whole text only. -#}
{% macro snowflake__matches(column, pattern) -%}
    (regexp_instr({{ column }}, '{{ pattern }}') > 0)
{%- endmacro %}

{#- Java lets $ match before a line's end at the end of the text, too; \z is the end alone. -#}
{% macro spark__matches(column, pattern) -%}
    ({{ column }} rlike '{{ pattern | replace("$", "\\\\z") }}')
{%- endmacro %}
