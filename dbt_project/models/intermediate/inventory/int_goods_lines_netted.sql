{{ config(materialized='table') }}

with goods as (

    select * from {{ ref('int_goods_lines') }}

),

matched as (

    select * from {{ ref('int_goods_lines_matched') }}

),

-- What is matched by no line, and may be a part of what the customer ordered earlier that day.
left_over as (

    select
        goods.*,
        abs(goods.ordered_units) as quantity
    from goods
    left join matched
        on goods.sales_order_line_id = matched.sales_order_line_id
    where
        goods.is_matchable
        and matched.sales_order_line_id is null

),

first_orders as (

    select
        customer,
        material_number,
        posting_date,
        min(created_at) as first_ordered_at
    from left_over
    where is_order
    group by customer, material_number, posting_date

),

cancelled_that_day as (

    select
        left_over.customer,
        left_over.material_number,
        left_over.posting_date,
        sum(left_over.quantity) as cancelled_units,
        max(left_over.created_at) as last_cancelled_at
    from left_over
    inner join first_orders
        on
            left_over.customer = first_orders.customer
            and left_over.material_number = first_orders.material_number
            and left_over.posting_date = first_orders.posting_date
            and left_over.created_at >= first_orders.first_ordered_at
    where left_over.is_cancellation
    group by left_over.customer, left_over.material_number, left_over.posting_date

),

-- The first orders of the day give way first.
reduced as (

    select
        left_over.sales_order_line_id,
        left_over.quantity,
        cancelled_that_day.cancelled_units,
        sum(left_over.quantity) over (
            partition by left_over.customer, left_over.material_number, left_over.posting_date
            order by left_over.created_at, left_over.sales_order_line_id
            rows between unbounded preceding and current row
        ) - left_over.quantity as earlier_units
    from left_over
    inner join cancelled_that_day
        on
            left_over.customer = cancelled_that_day.customer
            and left_over.material_number = cancelled_that_day.material_number
            and left_over.posting_date = cancelled_that_day.posting_date
            and left_over.created_at <= cancelled_that_day.last_cancelled_at
    where left_over.is_order

),

cancelled as (

    select
        goods.*,
        case
            when goods.is_order
                then least(coalesce(matched.reversed_units, 0), goods.ordered_units)
            else 0
        end as reversed_units,
        case
            when reduced.sales_order_line_id is null then 0
            else greatest(
                least(reduced.cancelled_units - reduced.earlier_units, reduced.quantity), 0
            )
        end as same_day_cancelled_units
    from goods
    left join matched
        on goods.sales_order_line_id = matched.sales_order_line_id
    left join reduced
        on goods.sales_order_line_id = reduced.sales_order_line_id

),

netted as (

    select
        *,
        case
            when is_order then ordered_units - reversed_units - same_day_cancelled_units
            else 0
        end as net_ordered_units
    from cancelled

),

final as (

    select
        sales_order_line_id,
        customer,
        material_number,
        sales_office_name,
        line_type,
        cast(ordered_units as numeric(18, 3)) as ordered_units,
        cast(shipped_units as numeric(18, 3)) as shipped_units,
        cast(reversed_units as numeric(18, 3)) as reversed_units,
        cast(same_day_cancelled_units as numeric(18, 3)) as same_day_cancelled_units,
        cast(net_ordered_units as numeric(18, 3)) as net_ordered_units,
        -- What came of the order itself: no more than was ordered and stayed so.
        cast(greatest(least(shipped_units, net_ordered_units), 0) as numeric(18, 3))
            as filled_units,
        total_cogs,
        is_order,
        net_ordered_units > 0 as is_demand,
        net_ordered_units > 0 and shipped_units >= net_ordered_units as is_filled,
        posting_date
    from netted

)

select * from final
