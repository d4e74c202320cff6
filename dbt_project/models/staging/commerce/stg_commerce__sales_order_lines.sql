with source as (

    select * from {{ source('commerce', 'sales_order_lines') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as sales_order_line_id,
        cast(reverses_line as {{ dbt.type_string() }}) as reverses_line_id,
        customer,
        material_number,
        sales_office_name,
        order_number,
        upper(trim(line_type)) as line_type,
        cast(line as integer) as line_number,
        cast(ordered_cases as numeric(14, 3)) as ordered_cases,
        cast(inv_quantity_cases as numeric(14, 3)) as inv_quantity_cases,
        cast(net_sales as numeric(15, 4)) as net_sales,
        cast(total_cogs as numeric(15, 4)) as total_cogs,
        cast(gross_margin as numeric(15, 4)) as gross_margin,
        posting_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'commerce') }} as created_date
    from renamed

)

select * from final
