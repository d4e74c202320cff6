{#- A date so many days later (or earlier, if negative): add_days('2024-02-28', 2) -> 2024-03-01. -#}
{% macro add_days(date, days) -%}
    cast({{ dbt.dateadd('day', days, 'cast(' ~ date ~ ' as date)') }} as date)
{%- endmacro %}
