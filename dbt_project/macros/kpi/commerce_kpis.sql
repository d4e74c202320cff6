{#- The KPIs of Commerce, by day and by month, as kpi_rows describes them. -#}
{% macro commerce_kpis() -%}
    {% set both = ['monthly', 'daily'] %}
    {% set monthly = ['monthly'] %}
    {% set retention = [] %}
    {% for age in [1, 3, 12] %}
        {% set name = 'retention_m' ~ age %}
        {% do retention.append({'code': 'commerce_' ~ name, 'grains': monthly,
            'numerator': name ~ '_retained_count', 'denominator': name ~ '_due_count',
            'complete': 'is_complete_period and '
            ~ '(new_customer_count = 0 or ' ~ name ~ '_due_count is not null)'}) %}
    {% endfor %}
    {{ return([
        {'code': 'commerce_net_sales', 'grains': both, 'numerator': 'net_sales'},
        {'code': 'commerce_gross_margin', 'grains': both, 'numerator': 'gross_margin'},
        {'code': 'commerce_gross_margin_rate', 'grains': both,
            'numerator': 'gross_margin', 'denominator': 'net_sales'},
        {'code': 'commerce_orders', 'grains': both, 'numerator': 'order_count'},
        {'code': 'commerce_aov', 'grains': both,
            'numerator': 'net_sales', 'denominator': 'order_count'},
        {'code': 'commerce_active_customers', 'grains': both,
            'numerator': 'active_customer_count'},
        {'code': 'commerce_new_customers', 'grains': monthly, 'numerator': 'new_customer_count'},
        {'code': 'commerce_repeat_rate', 'grains': monthly,
            'numerator': 'repeating_customer_count', 'denominator': 'buying_customer_count'},
    ] + retention + [
        {'code': 'commerce_class_a_share', 'grains': monthly,
            'numerator': 'class_a_customer_count', 'denominator': 'customer_count'},
    ]) }}
{%- endmacro %}
