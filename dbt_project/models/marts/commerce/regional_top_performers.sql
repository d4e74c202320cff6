with products as (

    select * from {{ ref('regional_product_matrix') }}

),

final as (

    select
        sales_office_name,
        material_number,
        material_description,
        revenue,
        margin,
        '{{ currency_of("commerce") }}' as currency_code,
        {{ ratio('margin', 'case when revenue > 0 then revenue end') }} as margin_pct,
        revenue_rank as rank,
        {{ as_of_date('commerce') }} as as_of_date
    from products
    where revenue_rank <= {{ var('commerce_top_performers_limit') }}

)

select * from final
