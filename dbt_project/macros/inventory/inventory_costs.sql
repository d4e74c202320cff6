{#- What the orders of a year cost, of a material ordered in lots of a quantity: S D / Q, over
    int_inventory_policies. 0 without demand; null where the demand or the lot is unknown, and of no
    lot. -#}
{% macro inventory_ordering_cost(quantity) -%}
    {%- set double = type_double() -%}
    {{ to_scale(
        'case when annual_demand_units = 0 then 0 else cast(ordering_cost as ' ~ double
        ~ ') * cast(annual_demand_units as ' ~ double ~ ') / nullif(cast(' ~ quantity ~ ' as '
        ~ double ~ '), 0) end', 8) }}
{%- endmacro %}

{#- What a year's stock costs to keep, half a lot on average and beside it what is always there:
    H (Q / 2 + SS), over int_inventory_policies. Null where the lot is unknown. -#}
{% macro inventory_holding_cost(quantity, always='0') -%}
    {%- set double = type_double() -%}
    {{ to_scale(
        'cast(unit_holding_cost as ' ~ double ~ ') * (cast(' ~ quantity ~ ' as ' ~ double
        ~ ') / 2 + cast(' ~ always ~ ' as ' ~ double ~ '))', 8) }}
{%- endmacro %}
