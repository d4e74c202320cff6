{#- Class 1 to `classes` of a row by the share of the other rows of its partition that come before
    it in an order: 1 for the first fifth of the others, 5 for the last one, of 5 classes. Rows
    that are equal in the order have equal classes, whatever their number; a row that is alone has
    class 1. Integers are divided as doubles, which is exact where a class begins:
    quantile_class(5, 'frequency', 'month_start'). -#}
{% macro quantile_class(classes, order_by, partition_by) -%}
    cast(least({{ classes }}, 1 + coalesce(floor(
        cast({{ classes }} * (
            rank() over (partition by {{ partition_by }} order by {{ order_by }}) - 1
        ) as {{ type_double() }})
        / nullif(count(*) over (partition by {{ partition_by }}) - 1, 0)
    ), 0)) as integer)
{%- endmacro %}
