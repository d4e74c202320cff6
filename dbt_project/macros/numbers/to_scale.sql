{#- A double rounded half away from zero to so many decimals, as numeric(18 + scale, scale): scale 2
    has the type of money, scale 8 that of a ratio. Doubles hold about 15 digits: ask for no more
    decimals than the size of the values leaves. -#}
{% macro to_scale(expression, scale) -%}
    {{ return(adapter.dispatch('to_scale', 'finhouse')(expression, scale)) }}
{%- endmacro %}

{#- By way of a decimal with four places more: 1033.735 may be 1033.73499... in binary, on one
    engine or on all, and rounding that would go down where the decimal reading goes up. -#}
{% macro default__to_scale(expression, scale) -%}
    cast(
        cast({{ expression }} as numeric(38, {{ scale + 4 }}))
        as numeric({{ 18 + scale }}, {{ scale }})
    )
{%- endmacro %}

{#- Postgres casts a double to numeric by its first 15 digits; by way of text it is exact. -#}
{% macro postgres__to_scale(expression, scale) -%}
    {{ finhouse.default__to_scale('cast(' ~ expression ~ ' as text)', scale) }}
{%- endmacro %}
