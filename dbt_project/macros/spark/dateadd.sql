{#- dbt.dateadd for dates, by days or months: dbt-spark's own fails on null and goes by way of
    timestamps. -#}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set functions = {'day': 'date_add', 'month': 'add_months'} -%}
    {%- if datepart not in functions -%}
        {{ exceptions.raise_compiler_error(
            "dateadd by " ~ datepart ~ " differs between engines: add days or months to dates") }}
    {%- endif -%}
    {{ functions[datepart] }}({{ from_date_or_timestamp }}, cast({{ interval }} as integer))
{%- endmacro %}
