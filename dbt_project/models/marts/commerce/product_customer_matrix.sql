with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

customers as (

    select * from {{ ref('customer_master') }}

),

of_products as (

    select
        lines.material_number,
        lines.material_description,
        lines.customer,
        lines.net_sales,
        lines.gross_margin,
        customers.rfm_segment
    from lines
    inner join customers
        on lines.customer = customers.customer
    where
        lines.is_merchandise
        and not lines.is_internal

),

totals as (

    select
        material_number,
        cast(count(distinct customer) as bigint) as total_product_customers,
        {{ money('sum(net_sales)', 4) }} as total_product_sales,
        {{ money('sum(gross_margin)', 4) }} as total_product_margin
    from of_products
    group by material_number

),

by_segment as (

    select
        material_number,
        min(material_description) as material_description,
        rfm_segment,
        cast(count(distinct customer) as bigint) as segment_product_customers,
        {{ money('sum(net_sales)', 4) }} as segment_product_sales,
        {{ money('sum(gross_margin)', 4) }} as segment_product_margin
    from of_products
    group by material_number, rfm_segment

),

final as (

    select
        by_segment.material_number,
        by_segment.material_description,
        by_segment.rfm_segment,
        by_segment.segment_product_customers,
        by_segment.segment_product_sales,
        by_segment.segment_product_margin,
        totals.total_product_customers,
        totals.total_product_sales,
        totals.total_product_margin,
        '{{ currency_of("commerce") }}' as currency_code,
        {{ ratio(
            'by_segment.segment_product_sales',
            'sum(by_segment.segment_product_sales) over (partition by by_segment.rfm_segment)'
        ) }} as segment_sales_contribution
    from by_segment
    inner join totals
        on by_segment.material_number = totals.material_number

)

select * from final
