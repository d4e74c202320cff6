with sales_order_lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}

),

periods as (

    {{ month_spine('commerce') }}

),

counted as (

    select
        {{ month_start('posting_date') }} as period_start,
        cast(count(*) as bigint) as sales_order_line_count
    from sales_order_lines
    where posting_date <= {{ as_of_date('commerce') }}
    group by {{ month_start('posting_date') }}

),

final as (

    select
        periods.month_start,
        periods.is_complete_period,
        coalesce(counted.sales_order_line_count, 0) as sales_order_line_count
    from periods
    left join counted
        on periods.month_start = counted.period_start

)

select * from final
