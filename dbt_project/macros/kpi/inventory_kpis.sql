{#- The KPIs of Inventory, by day and by month, as kpi_rows describes them. -#}
{% macro inventory_kpis() -%}
    {{ return([
        {'code': 'inventory_purchase_orders', 'grains': ['monthly', 'daily'], 'numerator': 'purchase_order_count'},
    ]) }}
{%- endmacro %}
