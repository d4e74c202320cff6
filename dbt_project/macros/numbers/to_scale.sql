{#- A double rounded half away from zero: as numeric(24, 8) for scale 8, as numeric(20, scale) for
    the small scales of money and whole numbers. -#}
{% macro to_scale(expression, scale) -%}
    {{ return(adapter.dispatch('to_scale', 'finhouse')(expression, scale)) }}
{%- endmacro %}

{% macro default__to_scale(expression, scale) -%}
    cast(round({{ expression }}, {{ scale }}) as numeric({{ scale + 16 if scale > 4 else 20 }}, {{ scale }}))
{%- endmacro %}

{#- Postgres has no round(double, n). Its cast of a double to numeric keeps 15 digits, which is
    what DuckDB's round leaves too. -#}
{% macro postgres__to_scale(expression, scale) -%}
    cast(round(cast({{ expression }} as numeric), {{ scale }}) as numeric({{ scale + 16 if scale > 4 else 20 }}, {{ scale }}))
{%- endmacro %}
