{#- Wall-clock time of a domain's business as a naive UTC timestamp, the way back from
    local_timestamp: utc_of_local('2026-07-01 00:30', 'wallet') -> 2026-06-30 22:30 (Johannesburg).
    Where clocks are put forward over midnight, the day begins an hour late. -#}
{% macro utc_of_local(column, domain) -%}
    {{ return(adapter.dispatch('utc_of_local', 'finhouse')(
        column, var('domains')[domain]['time_zone'])) }}
{%- endmacro %}

{% macro default__utc_of_local(column, time_zone) -%}
    cast(({{ column }} at time zone '{{ time_zone }}') at time zone 'UTC' as timestamp)
{%- endmacro %}

{% macro snowflake__utc_of_local(column, time_zone) -%}
    convert_timezone('{{ time_zone }}', 'UTC', {{ column }})
{%- endmacro %}

{% macro spark__utc_of_local(column, time_zone) -%}
    to_utc_timestamp({{ column }}, '{{ time_zone }}')
{%- endmacro %}
