{#- A number as text with thousands separators and so many decimals, rounded half away from zero:
    number_text('16977955.8', 2) -> 16,977,955.80. For readers; nothing computes with it. -#}
{% macro number_text(expression, decimals) -%}
    {{ return(adapter.dispatch('number_text', 'finhouse')(expression, decimals)) }}
{%- endmacro %}

{#- Rounded as a decimal first: the double that is shown then has the right last digit. -#}
{% macro default__number_text(expression, decimals) -%}
    format(
        '{:,.{{ decimals }}f}', cast(round({{ expression }}, {{ decimals }}) as {{ type_double() }})
    )
{%- endmacro %}

{% macro postgres__number_text(expression, decimals) -%}
    to_char(
        round({{ expression }}, {{ decimals }}),
        'FM999,999,999,999,999,990{{ "." ~ "0" * decimals if decimals else "" }}'
    )
{%- endmacro %}

{% macro snowflake__number_text(expression, decimals) -%}
    {{ finhouse.postgres__number_text(expression, decimals) }}
{%- endmacro %}

{% macro spark__number_text(expression, decimals) -%}
    format_number(round({{ expression }}, {{ decimals }}), {{ decimals }})
{%- endmacro %}
