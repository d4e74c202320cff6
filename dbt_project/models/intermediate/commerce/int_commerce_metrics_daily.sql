with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

days as (

    {{ day_spine('commerce') }}

),

sold as (

    select
        posting_date,
        {{ commerce_sales_measures() }}
    from lines
    where not is_internal
    group by posting_date

),

joined as (

    select
        days.date_day,
        true as is_complete_period,
        {{ money('sold.net_sales', 4) }} as net_sales,
        {{ money('sold.gross_margin', 4) }} as gross_margin,
        {{ money('sold.returned_sales', 4) }} as returned_sales,
        coalesce(sold.order_count, 0) as order_count,
        coalesce(sold.active_customer_count, 0) as active_customer_count
    from days
    left join sold
        on days.date_day = sold.posting_date

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(commerce_kpis(), 'daily')) }}
    from joined

)

select * from final
