{#- dbt.dateadd by days or months, for dates and timestamps alike; a month is clipped to its end.
    dbt-spark's own fails on null and keeps whole seconds only. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set number = 'cast(' ~ interval ~ ' as integer)' -%}
    {%- if datepart == 'day' -%}
        ({{ from_date_or_timestamp }} + make_interval(0, 0, 0, {{ number }}))
    {%- elif datepart == 'month' -%}
        ({{ from_date_or_timestamp }} + make_interval(0, {{ number }}))
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "dateadd by " ~ datepart ~ " differs between engines: add days or months") }}
    {%- endif -%}
{%- endmacro %}
