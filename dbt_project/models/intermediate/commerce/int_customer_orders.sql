with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

final as (

    select
        customer,
        order_number,
        posting_date,
        month_start,
        {{ money('sum(net_sales)', 4) }} as net_sales,
        {{ money('sum(gross_margin)', 4) }} as gross_margin,
        max(case when is_purchase then 1 else 0 end) = 1 as is_purchase
    from lines
    where
        customer is not null
        and not is_internal
    group by customer, order_number, posting_date, month_start

)

select * from final
