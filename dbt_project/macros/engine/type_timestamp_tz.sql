{#- The type of a moment, a timestamp with its offset: what raw holds of timestamptz columns. -#}
{% macro type_timestamp_tz() -%}
    {{ return(adapter.dispatch('type_timestamp_tz', 'finhouse')()) }}
{%- endmacro %}

{% macro default__type_timestamp_tz() -%}
    timestamp with time zone
{%- endmacro %}

{#- Spark's only one; it keeps the moment and drops the offset. -#}
{% macro spark__type_timestamp_tz() -%}
    timestamp
{%- endmacro %}
