{#- A timestamp with time zone as a naive UTC timestamp, the only kind the warehouse keeps:
    2026-07-01 00:30+02:00 -> 2026-06-30 22:30. -#}
{% macro to_utc(column) -%}
    {{ return(adapter.dispatch('to_utc', 'finhouse')(column)) }}
{%- endmacro %}

{% macro default__to_utc(column) -%}
    cast({{ column }} at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro snowflake__to_utc(column) -%}
    cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
{%- endmacro %}

{#- Spark keeps moments; its sessions show them in UTC (spark.sql.session.timeZone). -#}
{% macro spark__to_utc(column) -%}
    cast({{ column }} as timestamp)
{%- endmacro %}
