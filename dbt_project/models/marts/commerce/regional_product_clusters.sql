with products as (

    select * from {{ ref('regional_product_matrix') }}

),

thirds as (

    select
        sales_office_name,
        material_number,
        material_description,
        revenue,
        margin,
        {{ quantile_class(3, 'revenue', 'sales_office_name') }} as revenue_third,
        {{ quantile_class(3, 'margin', 'sales_office_name') }} as margin_third
    from products

),

clustered as (

    select
        *,
        3 * (revenue_third - 1) + margin_third as cluster_id
    from thirds

),

final as (

    select
        sales_office_name,
        cluster_id,
        cast(cluster_id as {{ dbt.type_string() }})
        || ' ' || case revenue_third when 1 then 'Low' when 2 then 'Medium' else 'High' end
        || ' sales, ' || case margin_third when 1 then 'low' when 2 then 'medium' else 'high' end
        || ' margin' as cluster_name,
        material_number,
        material_description,
        revenue_third,
        margin_third,
        revenue as cluster_revenue,
        margin as cluster_margin,
        {{ money('sum(revenue) over (partition by sales_office_name, cluster_id)', 4) }}
            as cluster_total_revenue,
        {{ money('sum(margin) over (partition by sales_office_name, cluster_id)', 4) }}
            as cluster_total_margin,
        '{{ currency_of("commerce") }}' as currency_code,
        {{ as_of_date('commerce') }} as as_of_date
    from clustered

)

select * from final
