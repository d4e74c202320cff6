{#- A double rounded half away from zero to so many decimals, as numeric(18 + scale, scale): scale 2
    has the type of money, scale 8 that of a ratio. Doubles hold about 15 digits: ask for no more
    decimals than the size of the values leaves. -#}
{% macro to_scale(expression, scale) -%}
    {{ return(adapter.dispatch('to_scale', 'finhouse')(expression, scale)) }}
{%- endmacro %}

{% macro default__to_scale(expression, scale) -%}
    cast(round({{ expression }}, {{ scale }}) as numeric({{ 18 + scale }}, {{ scale }}))
{%- endmacro %}

{#- Postgres has no round(double, n), and its cast of a double to numeric drops all but 15 digits;
    the text of a double is exact. -#}
{% macro postgres__to_scale(expression, scale) -%}
    cast(cast(cast({{ expression }} as text) as numeric) as numeric({{ 18 + scale }}, {{ scale }}))
{%- endmacro %}
