{#- An exact numeric expression as money: numeric(20, 2), half away from zero. A sum over no rows
    is 0.00: money('sum(amount)'). A business that prices below its smallest coin says how many
    decimals its amounts have: money('sum(net_sales)', 4) is numeric(22, 4). -#}
{% macro money(expression, decimals=2) -%}
    cast(coalesce({{ expression }}, 0) as numeric({{ 18 + decimals }}, {{ decimals }}))
{%- endmacro %}
