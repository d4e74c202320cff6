{#- The KPIs of Commerce, by day and by month, as kpi_rows describes them. -#}
{% macro commerce_kpis() -%}
    {{ return([
        {'code': 'commerce_sales_order_lines', 'grains': ['monthly', 'daily'], 'numerator': 'sales_order_line_count'},
    ]) }}
{%- endmacro %}
