{#- One row for each number from 1 to upper_bound, in column generated_number. -#}
{% macro generate_series(upper_bound) -%}
    {{ return(adapter.dispatch('generate_series', 'dbt_utils')(upper_bound)) }}
{%- endmacro %}

{% macro default__generate_series(upper_bound) %}
    {%- set places = range((upper_bound - 1) | string | length) -%}
    with digits as (

        {% for digit in range(10) %}
        select {{ digit }} as digit{{ ' union all' if not loop.last }}
        {% endfor %}

    ),

    numbers as (

        select
            {% for place in places -%}
            {{ 10 ** place }} * digits_{{ place }}.digit +
            {%- endfor %} 1 as generated_number
        from digits as digits_0
        {%- for place in places if place > 0 %}
        cross join digits as digits_{{ place }}
        {%- endfor %}

    )

    select *
    from numbers
    where generated_number <= {{ upper_bound }}
{% endmacro %}
