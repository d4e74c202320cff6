{#- A double as numeric(24, scale), half away from zero. -#}
{% macro to_scale(expression, scale) -%}
    {{ return(adapter.dispatch('to_scale', 'finhouse')(expression, scale)) }}
{%- endmacro %}

{% macro default__to_scale(expression, scale) -%}
    cast(round({{ expression }}, {{ scale }}) as numeric(24, {{ scale }}))
{%- endmacro %}

{#- Postgres has no round(double, n). Its cast of a double to numeric keeps 15 digits, which is
    what DuckDB's round leaves too. -#}
{% macro postgres__to_scale(expression, scale) -%}
    cast(round(cast({{ expression }} as numeric), {{ scale }}) as numeric(24, {{ scale }}))
{%- endmacro %}
