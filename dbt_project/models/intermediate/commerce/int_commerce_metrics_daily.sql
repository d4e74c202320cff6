with sales_order_lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}

),

periods as (

    {{ day_spine('commerce') }}

),

counted as (

    select
        posting_date as period_start,
        cast(count(*) as bigint) as sales_order_line_count
    from sales_order_lines
    where posting_date <= {{ as_of_date('commerce') }}
    group by posting_date

),

final as (

    select
        periods.date_day,
        true as is_complete_period,
        coalesce(counted.sales_order_line_count, 0) as sales_order_line_count
    from periods
    left join counted
        on periods.date_day = counted.period_start

)

select * from final
