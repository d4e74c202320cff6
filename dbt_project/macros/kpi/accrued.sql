{#- What of a month's cost is of the days lived so far: all of it in a month that is over, else its
    share by days; 0 for none.

    months: a relation with month_start and is_complete_period. -#}
{% macro accrued(amount, domain, months='months') -%}
    cast(
        case
            when {{ months }}.is_complete_period then coalesce({{ amount }}, 0)
            else {{ to_scale(
                'cast(coalesce(' ~ amount ~ ', 0) as ' ~ type_double() ~ ') * ('
                ~ days_between(months ~ '.month_start', as_of_date(domain)) ~ ' + 1) / '
                ~ days_between(
                    months ~ '.month_start', add_months(months ~ '.month_start', 1)), 2) }}
        end as numeric(20, 2)
    )
{%- endmacro %}
