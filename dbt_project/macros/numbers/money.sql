{#- An exact numeric expression as money: numeric(20, 2), half away from zero. A sum over no rows
    is 0.00: money('sum(amount)'). -#}
{% macro money(expression) -%}
    cast(coalesce({{ expression }}, 0) as numeric(20, 2))
{%- endmacro %}
