with customer_orders as (

    select * from {{ ref('int_customer_orders') }}

),

customers as (

    select * from {{ ref('int_customers_by_month_end') }}

),

rfm_segments as (

    select distinct rfm_segment from {{ ref('rfm_segments') }}

),

months as (

    {{ month_spine('commerce') }}

),

-- The segment a customer had at the end of the month, not the one of today: who is a champion
-- today has by then sold well in every past month.
sold as (

    select
        customer_orders.month_start,
        customers.rfm_segment,
        cast(count(distinct customer_orders.customer) as bigint) as customer_count,
        {{ money('sum(customer_orders.net_sales)', 4) }} as net_sales,
        {{ money('sum(customer_orders.gross_margin)', 4) }} as gross_margin
    from customer_orders
    inner join customers
        on
            customer_orders.customer = customers.customer
            and customer_orders.month_start = customers.month_start
    group by customer_orders.month_start, customers.rfm_segment

),

final as (

    select
        months.month_start,
        cast(extract(year from months.month_start) as integer) as year,
        cast(extract(month from months.month_start) as integer) as month,
        {{ year_month('months.month_start') }} as year_month,
        rfm_segments.rfm_segment,
        coalesce(sold.customer_count, 0) as customer,
        {{ money('sold.net_sales', 4) }} as net_sales,
        {{ money('sold.gross_margin', 4) }} as gross_margin,
        '{{ currency_of("commerce") }}' as currency_code,
        months.is_complete_period
    from months
    cross join rfm_segments
    left join sold
        on
            months.month_start = sold.month_start
            and rfm_segments.rfm_segment = sold.rfm_segment

)

select * from final
