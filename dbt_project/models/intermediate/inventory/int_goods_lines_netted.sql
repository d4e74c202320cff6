{{ config(materialized='table') }}

with lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}

),

materials as (

    select * from {{ ref('int_materials_stocked') }}

),

goods as (

    select
        lines.sales_order_line_id,
        lines.reverses_line_id,
        lines.customer,
        lines.material_number,
        lines.sales_office_name,
        lines.line_type,
        lines.ordered_cases as ordered_units,
        lines.inv_quantity_cases as shipped_units,
        lines.total_cogs,
        lines.posting_date,
        lines.created_at,
        lines.line_type = 'SALE' and lines.ordered_cases > 0 as is_order,
        lines.line_type = 'CANCELLATION' and lines.ordered_cases < 0 as is_cancellation
    from lines
    inner join materials
        on lines.material_number = materials.material_number
    where lines.posting_date <= {{ as_of_date('inventory') }}

),

-- 1. A cancellation that says which line it takes back.
named as (

    select
        cancellations.reverses_line_id,
        sum(-cancellations.ordered_units) as cancelled_units
    from goods as cancellations
    inner join goods as orders
        on cancellations.reverses_line_id = orders.sales_order_line_id
    where
        cancellations.is_cancellation
        and orders.is_order
    group by cancellations.reverses_line_id

),

-- 2. Of the others, one of the same customer, material and quantity takes back the first order that
-- is not taken back yet and came before it.
unnamed as (

    select
        goods.*,
        case when goods.is_order then 1 else -1 end as step,
        abs(goods.ordered_units) as quantity
    from goods
    left join named
        on goods.sales_order_line_id = named.reverses_line_id
    where
        goods.customer is not null
        and named.reverses_line_id is null
        and (
            goods.is_order
            or (goods.is_cancellation and goods.reverses_line_id is null)
        )

),

counted as (

    select
        *,
        sum(case when is_order then 1 else 0 end) over {{ since_first_line() }} as order_count,
        sum(case when is_order then 0 else 1 end) over {{ since_first_line() }}
            as cancellation_count,
        sum(step) over {{ since_first_line() }} as open_count
    from unnamed

),

-- A cancellation at which more are cancelled than were ordered has no order here: one from before
-- the data, or of another quantity. It takes no later order's place in the queue.
queued as (

    select
        *,
        -least(min(open_count) over {{ since_first_line() }}, 0) as orderless_count
    from counted

),

placed as (

    select
        *,
        case
            when is_order then order_count
            when orderless_count = lag(orderless_count, 1, 0) over (
                partition by customer, material_number, quantity
                order by posting_date, created_at, is_cancellation, sales_order_line_id
            ) then cancellation_count - orderless_count
        end as place
    from queued

),

reversed as (

    select
        orders.sales_order_line_id,
        cancellations.sales_order_line_id as cancellation_line_id
    from placed as orders
    inner join placed as cancellations
        on
            orders.customer = cancellations.customer
            and orders.material_number = cancellations.material_number
            and orders.quantity = cancellations.quantity
            and orders.place = cancellations.place
    where
        orders.is_order
        and cancellations.is_cancellation

),

-- 3. What is left and of the same day: a part of what the customer ordered earlier that day.
left_over as (

    select unnamed.*
    from unnamed
    left join reversed
        on
            unnamed.sales_order_line_id
            = case
                when unnamed.is_order then reversed.sales_order_line_id
                else reversed.cancellation_line_id
            end
    where reversed.sales_order_line_id is null

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
            when not goods.is_order then 0
            when reversed.sales_order_line_id is not null then goods.ordered_units
            else least(coalesce(named.cancelled_units, 0), goods.ordered_units)
        end as reversed_units,
        case
            when reduced.sales_order_line_id is null then 0
            else greatest(
                least(reduced.cancelled_units - reduced.earlier_units, reduced.quantity), 0
            )
        end as same_day_cancelled_units
    from goods
    left join named
        on goods.sales_order_line_id = named.reverses_line_id
    left join reversed
        on goods.sales_order_line_id = reversed.sales_order_line_id
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
