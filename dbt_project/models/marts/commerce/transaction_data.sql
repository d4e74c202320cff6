with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

final as (

    select
        order_number,
        line_number as line,
        customer,
        material_number,
        posting_date,
        {{ year_month('posting_date') }} as year_month,
        line_type,
        sales_office_name,
        is_merchandise,
        is_internal,
        ordered_cases,
        inv_quantity_cases,
        net_sales,
        total_cogs,
        gross_margin,
        '{{ currency_of("commerce") }}' as currency_code
    from lines

)

select * from final
