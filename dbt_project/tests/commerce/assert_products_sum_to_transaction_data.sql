-- Goods by office, by cluster and by segment are the goods of the lines: nothing is lost, postage
-- is in none of them.
with goods as (

    select * from {{ ref('transaction_data') }}
    where
        is_merchandise
        and not is_internal

),

by_office as (

    select
        sales_office_name,
        sum(net_sales) as net_sales
    from goods
    group by sales_office_name

),

in_matrix as (

    select
        sales_office_name,
        sum(revenue) as net_sales
    from {{ ref('regional_product_matrix') }}
    group by sales_office_name

),

in_clusters as (

    select
        sales_office_name,
        sum(cluster_revenue) as net_sales
    from {{ ref('regional_product_clusters') }}
    group by sales_office_name

),

by_product as (

    select
        material_number,
        sum(net_sales) as net_sales
    from goods
    where customer is not null
    group by material_number

),

in_segments as (

    select
        material_number,
        sum(segment_product_sales) as net_sales,
        max(total_product_sales) as total_sales
    from {{ ref('product_customer_matrix') }}
    group by material_number

)

select
    by_office.sales_office_name as found_in,
    by_office.net_sales
from by_office
left join in_matrix
    on by_office.sales_office_name = in_matrix.sales_office_name
left join in_clusters
    on by_office.sales_office_name = in_clusters.sales_office_name
where
    by_office.net_sales <> coalesce(in_matrix.net_sales, 0)
    or by_office.net_sales <> coalesce(in_clusters.net_sales, 0)
union all
select
    by_product.material_number,
    by_product.net_sales
from by_product
left join in_segments
    on by_product.material_number = in_segments.material_number
where
    by_product.net_sales <> coalesce(in_segments.net_sales, 0)
    or by_product.net_sales <> coalesce(in_segments.total_sales, 0)
