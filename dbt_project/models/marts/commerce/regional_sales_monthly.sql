with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

offices as (

    select * from {{ ref('stg_commerce__sales_offices') }}

),

months as (

    {{ month_spine('commerce') }}

),

sold as (

    select
        month_start,
        sales_office_name,
        {{ commerce_sales_measures() }}
    from lines
    where not is_internal
    group by month_start, sales_office_name

),

final as (

    select
        months.month_start,
        offices.sales_office_name,
        offices.region,
        {{ money('sold.net_sales', 4) }} as net_sales,
        {{ money('sold.gross_margin', 4) }} as gross_margin,
        '{{ currency_of("commerce") }}' as currency_code,
        {{ kpi_ratio(commerce_kpis(), 'commerce_gross_margin_rate', 'sold') }}
            as gross_margin_rate,
        coalesce(sold.order_count, 0) as order_count,
        coalesce(sold.active_customer_count, 0) as active_customer_count,
        months.is_complete_period
    from months
    cross join offices
    left join sold
        on
            months.month_start = sold.month_start
            and offices.sales_office_name = sold.sales_office_name

)

select * from final
