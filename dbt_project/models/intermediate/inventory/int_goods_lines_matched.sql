{{ config(materialized='table') }}

with goods as (

    select * from {{ ref('int_goods_lines') }}

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
        goods.is_matchable
        and named.reverses_line_id is null

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
        cancellations.sales_order_line_id as cancellation_line_id,
        orders.quantity
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

final as (

    select
        reverses_line_id as sales_order_line_id,
        'named' as match_type,
        cast(cancelled_units as numeric(18, 3)) as reversed_units
    from named
    union all
    select
        sales_order_line_id,
        'equal' as match_type,
        cast(quantity as numeric(18, 3)) as reversed_units
    from reversed
    union all
    select
        cancellation_line_id as sales_order_line_id,
        'equal' as match_type,
        cast(0 as numeric(18, 3)) as reversed_units
    from reversed

)

select * from final
