{#- The window of the lines of one customer, material and quantity, orders and cancellations in the
    order they came, from the first to that of a row. Of one moment, orders come first. -#}
{% macro since_first_line() -%}
    (
        partition by customer, material_number, quantity
        order by posting_date, created_at, is_cancellation, sales_order_line_id
        rows between unbounded preceding and current row
    )
{%- endmacro %}
