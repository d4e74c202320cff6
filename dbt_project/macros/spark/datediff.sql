{#- dbt.datediff of dates, in days: dbt-spark's own fails on null. -#}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != 'day' -%}
        {{ exceptions.raise_compiler_error(
            "datediff in " ~ datepart ~ "s differs between engines: count days between dates") }}
    {%- endif -%}
    datediff({{ second_date }}, {{ first_date }})
{%- endmacro %}
