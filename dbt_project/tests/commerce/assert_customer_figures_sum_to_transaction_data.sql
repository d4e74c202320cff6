-- Whatever customers are cut by, each is in every cut once: sums are those of the lines of known
-- customers.
with lines as (

    select * from {{ ref('transaction_data') }}

),

of_customers as (

    select
        coalesce(sum(net_sales), 0) as net_sales,
        coalesce(sum(gross_margin), 0) as gross_margin
    from lines
    where
        customer is not null
        and not is_internal

),

cuts as (

    select
        'customer_master' as cut,
        coalesce(sum(monetary), 0) as net_sales,
        coalesce(sum(profitability), 0) as gross_margin
    from {{ ref('customer_master') }}
    union all
    select
        segment_type as cut,
        sum(monetary_sum) as net_sales,
        sum(profitability_sum) as gross_margin
    from {{ ref('segment_performance') }}
    group by segment_type
    union all
    select
        'time_series_performance' as cut,
        coalesce(sum(net_sales), 0) as net_sales,
        coalesce(sum(gross_margin), 0) as gross_margin
    from {{ ref('time_series_performance') }}

)

select
    cuts.cut,
    cuts.net_sales,
    of_customers.net_sales as net_sales_of_lines
from cuts
cross join of_customers
where
    cuts.net_sales <> of_customers.net_sales
    or cuts.gross_margin <> of_customers.gross_margin
