with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

summed as (

    select
        sales_office_name,
        material_number,
        min(material_description) as material_description,
        {{ money('sum(net_sales)', 4) }} as revenue,
        {{ money('sum(gross_margin)', 4) }} as margin,
        cast(count(distinct customer) as bigint) as customer_count
    from lines
    where
        is_merchandise
        and not is_internal
    group by sales_office_name, material_number

),

final as (

    select
        sales_office_name,
        material_number,
        material_description,
        revenue,
        margin,
        '{{ currency_of("commerce") }}' as currency_code,
        customer_count,
        cast(
            dense_rank() over (
                partition by sales_office_name order by revenue desc, material_number asc
            ) as integer
        ) as revenue_rank,
        {{ as_of_date('commerce') }} as as_of_date
    from summed

)

select * from final
