with lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}

),

materials as (

    select * from {{ ref('stg_commerce__materials') }}

),

customers as (

    select * from {{ ref('stg_commerce__customers') }}

),

final as (

    select
        lines.sales_order_line_id,
        lines.order_number,
        lines.line_number,
        lines.customer,
        lines.material_number,
        materials.material_description,
        lines.sales_office_name,
        lines.line_type,
        lines.ordered_cases,
        lines.inv_quantity_cases,
        {{ money('lines.net_sales', 4) }} as net_sales,
        {{ money('lines.total_cogs', 4) }} as total_cogs,
        {{ money('lines.gross_margin', 4) }} as gross_margin,
        coalesce(materials.is_merchandise, true) as is_merchandise,
        -- Goods that the company moves to its own shops are no sale.
        coalesce(customers.is_internal, false) as is_internal,
        lines.line_type = 'SALE' and lines.inv_quantity_cases > 0 as is_purchase,
        lines.posting_date,
        {{ month_start('lines.posting_date') }} as month_start
    from lines
    left join materials
        on lines.material_number = materials.material_number
    left join customers
        on lines.customer = customers.customer
    where lines.posting_date <= {{ as_of_date('commerce') }}

)

select * from final
