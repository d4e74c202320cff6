{{ config(materialized='table') }}

with policies as (

    select * from {{ ref('int_inventory_policies') }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels_spanned') }}

),

lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

snapshots as (

    select distinct snapshot_date
    from policies

),

on_hand as (

    select
        snapshots.snapshot_date,
        stock_levels.material_number,
        sum(stock_levels.on_hand_units) as on_hand_units
    from snapshots
    inner join stock_levels
        on
            snapshots.snapshot_date >= stock_levels.stock_date
            and snapshots.snapshot_date <= stock_levels.valid_to_date
    group by snapshots.snapshot_date, stock_levels.material_number

),

first_stocked as (

    select
        material_number,
        min(stock_date) as first_stock_date
    from stock_levels
    group by material_number

),

shipping_months as (

    select
        material_number,
        {{ month_start('posting_date') }} as month_start,
        max(posting_date) as last_shipped_date
    from lines
    where
        line_type = 'SALE'
        and shipped_units > 0
    group by material_number, {{ month_start('posting_date') }}

),

last_shipped as (

    select
        snapshots.snapshot_date,
        shipping_months.material_number,
        max(shipping_months.last_shipped_date) as last_shipped_date
    from snapshots
    inner join shipping_months
        on snapshots.snapshot_date >= shipping_months.month_start
    group by snapshots.snapshot_date, shipping_months.material_number

),

joined as (

    select
        policies.month_start,
        policies.snapshot_date,
        policies.material_number,
        policies.material_description,
        policies.unit_cost,
        policies.obsolete_after_days,
        policies.reorder_point,
        policies.order_quantity,
        on_hand.on_hand_units,
        last_shipped.last_shipped_date,
        -- What was never shipped is as old as its stock.
        {{ days_between(
            'coalesce(last_shipped.last_shipped_date, first_stocked.first_stock_date)',
            'policies.snapshot_date') }} as idle_days
    from policies
    left join on_hand
        on
            policies.material_number = on_hand.material_number
            and policies.snapshot_date = on_hand.snapshot_date
    left join first_stocked
        on policies.material_number = first_stocked.material_number
    left join last_shipped
        on
            policies.material_number = last_shipped.material_number
            and policies.snapshot_date = last_shipped.snapshot_date

),

judged as (

    select
        *,
        coalesce(on_hand_units > 0 and idle_days >= obsolete_after_days, false) as is_obsolete
    from joined

),

final as (

    select
        month_start,
        snapshot_date,
        material_number,
        material_description,
        cast(on_hand_units as numeric(18, 3)) as on_hand_units,
        cast(on_hand_units * unit_cost as numeric(20, 2)) as inventory_value_amount,
        -- Unknown where the stock is, or what is enough: without a lot size or an own history.
        cast(
            case
                when is_obsolete then 0
                when reorder_point + order_quantity >= on_hand_units then 0
                else (on_hand_units - reorder_point - order_quantity) * unit_cost
            end as numeric(20, 2)
        ) as excess_value_amount,
        cast(
            case
                when is_obsolete then on_hand_units * unit_cost
                when on_hand_units is not null then 0
            end as numeric(20, 2)
        ) as obsolete_value_amount,
        is_obsolete,
        last_shipped_date
    from judged

)

select * from final
