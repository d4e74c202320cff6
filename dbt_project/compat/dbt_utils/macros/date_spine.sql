{#- One row per datepart from start_date up to, not including, end_date (both SQL expressions), in
    column date_<datepart>. -#}
{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt_utils')(datepart, start_date, end_date)) }}
{%- endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) %}
    with digits as (

        {% for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {% endfor %}

    ),

    numbers as (

        select
            ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
            + 10000 * ten_thousands.digit as steps
        from digits as ones
        cross join digits as tens
        cross join digits as hundreds
        cross join digits as thousands
        cross join digits as ten_thousands

    ),

    spine as (

        select {{ dbt.dateadd(datepart, 'steps', start_date) }} as date_{{ datepart }}
        from numbers

    )

    select *
    from spine
    where date_{{ datepart }} < {{ end_date }}
{% endmacro %}
