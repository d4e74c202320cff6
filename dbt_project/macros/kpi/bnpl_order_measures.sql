{#- Sums and counts over orders captured in a period, for a select list over
    int_bnpl_orders_enriched: captured_order_count, gmv_amount, commission_amount,
    active_customer_count and active_merchant_count. -#}
{% macro bnpl_order_measures() -%}
    cast(count(*) as bigint) as captured_order_count,
        cast(count(distinct customer_id) as bigint) as active_customer_count,
        cast(count(distinct merchant_id) as bigint) as active_merchant_count,
        {{ money('sum(order_amount)') }} as gmv_amount,
        {{ money('sum(commission_amount)') }} as commission_amount
{%- endmacro %}
