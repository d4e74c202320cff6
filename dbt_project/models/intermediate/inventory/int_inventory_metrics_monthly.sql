with purchase_orders as (

    select * from {{ ref('stg_inventory__purchase_orders') }}

),

periods as (

    {{ month_spine('inventory') }}

),

counted as (

    select
        {{ month_start('ordered_date') }} as period_start,
        cast(count(*) as bigint) as purchase_order_count
    from purchase_orders
    where ordered_date <= {{ as_of_date('inventory') }}
    group by {{ month_start('ordered_date') }}

),

final as (

    select
        periods.month_start,
        periods.is_complete_period,
        coalesce(counted.purchase_order_count, 0) as purchase_order_count
    from periods
    left join counted
        on periods.month_start = counted.period_start

)

select * from final
