{#- The age band of a person on a day: under 30, 30-44, 45-59, 60 and over, or unknown without a
    date of birth. Whoever was born on 1996-06-01 is 30 on 2026-06-01. -#}
{% macro age_band(date_of_birth, day) -%}
    case
            when {{ add_months(date_of_birth, 12 * 30) }} > {{ day }} then 'under 30'
            when {{ add_months(date_of_birth, 12 * 45) }} > {{ day }} then '30-44'
            when {{ add_months(date_of_birth, 12 * 60) }} > {{ day }} then '45-59'
            when {{ date_of_birth }} is not null then '60 and over'
            else 'unknown'
        end
{%- endmacro %}
