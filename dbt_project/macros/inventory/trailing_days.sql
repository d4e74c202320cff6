{#- The window of a year up to the day of a row, over a relation with a row a day:
    sum(ordered_units) over {{ trailing_days('date_day', 'material_number') }}. 365 days, as the
    rates of stock are said: a leap year loses one. -#}
{% macro trailing_days(date, partition=none) -%}
    (
        {%- if partition %}
        partition by {{ partition }}
        {%- endif %}
        order by {{ date }} rows between 364 preceding and current row
    )
{%- endmacro %}

{#- The first of the 365 days up to one. -#}
{% macro trailing_days_begin(date) -%}
    {{ add_days(date, -364) }}
{%- endmacro %}
