{{ config(materialized='table') }}

with lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

days as (

    {{ day_spine('inventory') }}

),

-- On offer from its first order on, were it cancelled: days before it are no days without demand.
first_orders as (

    select
        material_number,
        min(posting_date) as first_order_date
    from lines
    where is_order
    group by material_number

),

ordered as (

    select
        material_number,
        posting_date,
        sum(net_ordered_units) as ordered_units
    from lines
    group by material_number, posting_date

),

final as (

    select
        first_orders.material_number,
        days.date_day,
        days.month_start,
        first_orders.first_order_date,
        cast(coalesce(ordered.ordered_units, 0) as numeric(18, 3)) as ordered_units
    from first_orders
    inner join days
        on first_orders.first_order_date <= days.date_day
    left join ordered
        on
            first_orders.material_number = ordered.material_number
            and days.date_day = ordered.posting_date

)

select * from final
