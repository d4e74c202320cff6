{# What was refunded in each month, split by columns of the orders: a CTE for a model that has the
   CTEs `refunds` (int_bnpl_refunds_dated) and `orders` (int_bnpl_orders_enriched). The refunds
   cannot carry those columns themselves: the orders are made from them. #}
{% macro bnpl_refunded_by_month(split_by) -%}
refunded as (

    select
        {{ month_start('refunds.refunded_date') }} as month_start,
        {%- for column in split_by %}
        orders.{{ column }},
        {%- endfor %}
        sum(refunds.refunded_amount) as refunded_amount
    from refunds
    inner join orders
        on refunds.order_id = orders.order_id
    group by
        {{ month_start('refunds.refunded_date') }},
        orders.{{ split_by | join(', orders.') }}

)
{%- endmacro %}
