with lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}

),

materials as (

    select * from {{ ref('int_materials_stocked') }}

),

goods as (

    select
        lines.sales_order_line_id,
        lines.reverses_line_id,
        lines.customer,
        lines.material_number,
        lines.sales_office_name,
        lines.line_type,
        lines.ordered_cases as ordered_units,
        lines.inv_quantity_cases as shipped_units,
        lines.total_cogs,
        lines.posting_date,
        lines.created_at,
        lines.line_type = 'SALE' and lines.ordered_cases > 0 as is_order,
        lines.line_type = 'CANCELLATION' and lines.ordered_cases < 0 as is_cancellation
    from lines
    inner join materials
        on lines.material_number = materials.material_number
    where lines.posting_date <= {{ as_of_date('inventory') }}

),

final as (

    select
        *,
        customer is not null
        and (is_order or (is_cancellation and reverses_line_id is null)) as is_matchable
    from goods

)

select * from final
