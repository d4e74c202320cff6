{#- Seconds from one timestamp to a later one, to the microsecond, as numeric(18, 6). -#}
{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('seconds_between', 'finhouse')(earlier, later)) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    cast(extract(epoch from ({{ later }} - {{ earlier }})) as numeric(18, 6))
{%- endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
    cast(
        cast(date_diff('microsecond', {{ earlier }}, {{ later }}) as numeric(24, 6)) / 1000000
        as numeric(18, 6)
    )
{%- endmacro %}

{% macro snowflake__seconds_between(earlier, later) -%}
    cast(
        cast(datediff(microsecond, {{ earlier }}, {{ later }}) as numeric(24, 6)) / 1000000
        as numeric(18, 6)
    )
{%- endmacro %}

{% macro spark__seconds_between(earlier, later) -%}
    cast(
        cast(unix_micros({{ later }}) - unix_micros({{ earlier }}) as numeric(24, 6)) / 1000000
        as numeric(18, 6)
    )
{%- endmacro %}
