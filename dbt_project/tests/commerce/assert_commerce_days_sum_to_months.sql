-- Amounts and orders of days are those of their months.
with days as (

    select
        {{ month_start('date_day') }} as month_start,
        sum(net_sales) as net_sales,
        sum(gross_margin) as gross_margin,
        sum(returned_sales) as returned_sales,
        sum(order_count) as order_count
    from {{ ref('int_commerce_metrics_daily') }}
    group by {{ month_start('date_day') }}

),

months as (

    select * from {{ ref('int_commerce_metrics_monthly') }}

)

select
    months.month_start,
    months.net_sales,
    days.net_sales as net_sales_of_days
from months
left join days
    on months.month_start = days.month_start
where
    months.net_sales <> coalesce(days.net_sales, 0)
    or months.gross_margin <> coalesce(days.gross_margin, 0)
    or months.returned_sales <> coalesce(days.returned_sales, 0)
    or months.order_count <> coalesce(days.order_count, 0)
