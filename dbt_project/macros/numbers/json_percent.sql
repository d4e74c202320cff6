{#- A fraction as percent in JSON text, one decimal: json_percent('0.4521') -> 45.2. Fractions
    everywhere else: JSON documents alone hold percents, as those who read them expect. -#}
{% macro json_percent(fraction) -%}
    cast(cast(100 * {{ fraction }} as numeric(9, 1)) as {{ dbt.type_string() }})
{%- endmacro %}
