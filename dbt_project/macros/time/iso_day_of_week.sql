{#- Day of the week, Monday 1 to Sunday 7. Counted from 2024-01-01, a Monday: the engines' own
    functions number days differently. Dates before it count backwards without wrapping. -#}
{% macro iso_day_of_week(date) -%}
    cast(
        mod(mod({{ days_between("'2024-01-01'", date) }}, 7) + 7, 7) + 1 as integer
    )
{%- endmacro %}
