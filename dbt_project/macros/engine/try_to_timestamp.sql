{#- ISO 8601 text as a naive timestamp, or null where it is none ('', 'NOT-A-DATE', 2024-02-30).
    The pattern bounds every field; the day is then checked against the length of its month, as
    Postgres before 16 has no cast that answers null. Where an engine has one (dbt.safe_cast), it
    is used: not every optimizer promises to cast only what the case lets through. -#}
{% macro try_to_timestamp(column) -%}
    {%- set shape = '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
        ~ '[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?$' -%}
    {%- set day = dbt.safe_cast('substr(' ~ column ~ ', 9, 2)', 'integer') | trim -%}
    {%- set month = dbt.safe_cast('substr(' ~ column ~ ", 1, 7) || '-01'", 'date') | trim -%}
    case
        when not {{ matches(column, shape) }} then null
        when {{ day }} <= extract(day from {{ last_day_of_month(month) }})
            then {{ dbt.safe_cast(column, 'timestamp') | trim }}
    end
{%- endmacro %}
