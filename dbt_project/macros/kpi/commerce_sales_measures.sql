{#- Sums and counts over sales lines of a period, for a select list over int_sales_lines_enriched
    without internal lines: net_sales, gross_margin, returned_sales, order_count and
    active_customer_count. -#}
{% macro commerce_sales_measures() -%}
    {{ money('sum(net_sales)', 4) }} as net_sales,
    {{ money('sum(gross_margin)', 4) }} as gross_margin,
    {{ money("sum(case when line_type <> 'SALE' then net_sales end)", 4) }} as returned_sales,
    -- By day of posting, so that the orders of days sum to those of months.
    cast(
        count(
            distinct case
                when line_type = 'SALE'
                    then order_number || ' ' || cast(posting_date as {{ dbt.type_string() }})
            end
        ) as bigint
    ) as order_count,
    cast(count(distinct customer) as bigint) as active_customer_count
{%- endmacro %}
