{#- A naive UTC timestamp as the wall-clock time of a domain's business:
    local_timestamp('2026-06-30 22:30', 'wallet') -> 2026-07-01 00:30 (Johannesburg). -#}
{% macro local_timestamp(column, domain) -%}
    {{ return(adapter.dispatch('local_timestamp', 'finhouse')(
        column, var('domains')[domain]['time_zone'])) }}
{%- endmacro %}

{% macro default__local_timestamp(column, time_zone) -%}
    cast(({{ column }} at time zone 'UTC') at time zone '{{ time_zone }}' as timestamp)
{%- endmacro %}

{% macro snowflake__local_timestamp(column, time_zone) -%}
    convert_timezone('UTC', '{{ time_zone }}', {{ column }})
{%- endmacro %}

{% macro spark__local_timestamp(column, time_zone) -%}
    from_utc_timestamp({{ column }}, '{{ time_zone }}')
{%- endmacro %}
