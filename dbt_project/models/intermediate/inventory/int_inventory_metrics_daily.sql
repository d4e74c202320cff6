with purchase_orders as (

    select * from {{ ref('stg_inventory__purchase_orders') }}

),

periods as (

    {{ day_spine('inventory') }}

),

counted as (

    select
        ordered_date as period_start,
        cast(count(*) as bigint) as purchase_order_count
    from purchase_orders
    where ordered_date <= {{ as_of_date('inventory') }}
    group by ordered_date

),

final as (

    select
        periods.date_day,
        true as is_complete_period,
        coalesce(counted.purchase_order_count, 0) as purchase_order_count
    from periods
    left join counted
        on periods.date_day = counted.period_start

)

select * from final
