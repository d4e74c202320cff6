{#- The KPIs of Inventory, by day and by month, as kpi_rows describes them. -#}
{% macro inventory_kpis() -%}
    {% set both = ['monthly', 'daily'] %}
    {% set stock = ['stock_levels'] %}
    {{ return([
        {'code': 'inventory_value', 'grains': both,
            'numerator': 'inventory_value_amount', 'evidence': stock},
        {'code': 'inventory_turnover', 'grains': both,
            'numerator': 'annual_cogs_amount', 'denominator': 'average_value_amount',
            'evidence': stock},
        {'code': 'inventory_days_on_hand', 'grains': both,
            'numerator': '365 * average_value_amount', 'denominator': 'annual_cogs_amount',
            'evidence': stock},
        {'code': 'inventory_fill_rate', 'grains': both,
            'numerator': 'filled_units', 'denominator': 'ordered_units'},
        {'code': 'inventory_service_level', 'grains': both,
            'numerator': 'filled_line_count', 'denominator': 'order_line_count'},
        {'code': 'inventory_stockout_incidents', 'grains': both,
            'numerator': 'stockout_incident_count', 'evidence': stock},
        {'code': 'inventory_excess_share', 'grains': ['monthly'],
            'numerator': 'excess_value_amount', 'denominator': 'inventory_value_amount',
            'evidence': stock},
        {'code': 'inventory_obsolete_share', 'grains': ['monthly'],
            'numerator': 'obsolete_value_amount', 'denominator': 'inventory_value_amount',
            'evidence': stock},
    ]) }}
{%- endmacro %}
