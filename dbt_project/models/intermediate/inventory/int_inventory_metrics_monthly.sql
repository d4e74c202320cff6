{{ config(materialized='table') }}

with months as (

    {{ month_spine('inventory') }}

),

days as (

    select * from {{ ref('int_inventory_metrics_daily') }}

),

positions as (

    select * from {{ ref('int_inventory_positions') }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels_spanned') }}

),

demand as (

    select * from {{ ref('int_inventory_demand_daily') }}

),

snapshots as (

    select
        month_start,
        is_complete_period,
        least(month_end, {{ as_of_date('inventory') }}) as snapshot_date
    from months

),

flows as (

    select
        month_start,
        cast(sum(stockout_incident_count) as bigint) as stockout_incident_count,
        {{ money('sum(cogs_amount)') }} as cogs_amount,
        cast(sum(ordered_units) as numeric(18, 3)) as ordered_units,
        cast(sum(filled_units) as numeric(18, 3)) as filled_units,
        cast(sum(order_line_count) as bigint) as order_line_count,
        cast(sum(filled_line_count) as bigint) as filled_line_count
    from days
    group by month_start

),

stock as (

    select
        snapshot_date,
        {{ money('sum(excess_value_amount)') }} as excess_value_amount,
        {{ money('sum(obsolete_value_amount)') }} as obsolete_value_amount
    from positions
    group by snapshot_date

),

-- The last day of each month on which a material was in stock, or demanded.
active_days as (

    select
        material_number,
        {{ month_start('stock_date') }} as month_start,
        max(stock_date) as active_date
    from stock_levels
    where on_hand_units > 0
    group by material_number, {{ month_start('stock_date') }}
    union all
    select
        material_number,
        month_start,
        max(date_day) as active_date
    from demand
    where ordered_units > 0
    group by material_number, month_start

),

active_materials as (

    select
        snapshots.snapshot_date,
        cast(count(distinct active_days.material_number) as bigint) as active_material_count
    from snapshots
    inner join active_days
        on
            snapshots.month_start >= active_days.month_start
            and {{ trailing_days_begin('snapshots.snapshot_date') }} <= active_days.active_date
    group by snapshots.snapshot_date

),

joined as (

    select
        snapshots.month_start,
        snapshots.snapshot_date,
        snapshots.is_complete_period,
        coalesce(active_materials.active_material_count, 0) as active_material_count,
        days.inventory_value_amount,
        days.average_value_amount,
        days.annual_cogs_amount,
        days.trailing_order_line_count,
        days.trailing_filled_line_count,
        flows.stockout_incident_count,
        flows.cogs_amount,
        flows.ordered_units,
        flows.filled_units,
        flows.order_line_count,
        flows.filled_line_count,
        {{ where_known(
            'days.inventory_value_amount is not null', 'stock.excess_value_amount',
            'numeric(20, 2)') }} as excess_value_amount,
        {{ where_known(
            'days.inventory_value_amount is not null', 'stock.obsolete_value_amount',
            'numeric(20, 2)') }} as obsolete_value_amount
    from snapshots
    inner join days
        on snapshots.snapshot_date = days.date_day
    inner join flows
        on snapshots.month_start = flows.month_start
    left join stock
        on snapshots.snapshot_date = stock.snapshot_date
    left join active_materials
        on snapshots.snapshot_date = active_materials.snapshot_date

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(inventory_kpis(), 'monthly')) }}
    from joined

)

select * from final
