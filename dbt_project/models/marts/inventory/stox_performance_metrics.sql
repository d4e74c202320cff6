with positions as (

    select * from {{ ref('int_inventory_positions') }}

),

lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels_spanned') }}

),

stock_counts as (

    select * from {{ ref('stg_inventory__stock_counts') }}

),

filled as (

    select
        material_number,
        sum(filled_units) as filled_units,
        sum(net_ordered_units) as ordered_units,
        {{ count_where('is_filled') }} as filled_line_count,
        {{ count_where('is_demand') }} as order_line_count
    from lines
    where posting_date >= {{ trailing_days_begin(as_of_date('inventory')) }}
    group by material_number

),

-- Runs that reach into the year began before it.
emptied as (

    select
        material_number,
        {{ count_where(
            'on_hand_units = 0 and (is_stockout_start or stock_date < '
            ~ trailing_days_begin(as_of_date('inventory')) ~ ')') }} as stockout_incident_count
    from stock_levels
    where valid_to_date >= {{ trailing_days_begin(as_of_date('inventory')) }}
    group by material_number

),

counts as (

    select
        material_number,
        sales_office_name,
        counted_units,
        system_units,
        row_number() over (
            partition by material_number, sales_office_name
            order by counted_date desc
        ) as recency
    from stock_counts
    where
        counted_date >= {{ trailing_days_begin(as_of_date('inventory')) }}
        and counted_date <= {{ as_of_date('inventory') }}

),

counted as (

    select
        material_number,
        sum(abs(counted_units - system_units)) as miscounted_units,
        sum(system_units) as system_units
    from counts
    where recency = 1
    group by material_number

),

final as (

    select
        positions.material_number,
        positions.material_description,
        {{ kpi_ratio(inventory_kpis(), 'inventory_fill_rate', 'filled') }} as fill_rate_pct,
        cast(coalesce(filled.filled_units, 0) as numeric(18, 3)) as filled_units,
        cast(coalesce(filled.ordered_units, 0) as numeric(18, 3)) as ordered_units,
        coalesce(filled.filled_line_count, 0) as filled_line_count,
        coalesce(filled.order_line_count, 0) as order_line_count,
        emptied.stockout_incident_count as stockout_incidents,
        positions.on_hand_units,
        positions.inventory_value_amount as inventory_value,
        positions.excess_value_amount as excess_inventory_value,
        positions.obsolete_value_amount as obsolete_inventory_value,
        '{{ currency_of("inventory") }}' as currency_code,
        {{ ratio(
            'greatest(counted.system_units - counted.miscounted_units, 0)',
            'counted.system_units') }} as inventory_accuracy_pct,
        positions.is_obsolete,
        positions.last_shipped_date,
        positions.snapshot_date as calculation_date
    from positions
    left join filled
        on positions.material_number = filled.material_number
    left join emptied
        on positions.material_number = emptied.material_number
    left join counted
        on positions.material_number = counted.material_number
    where positions.snapshot_date = {{ as_of_date('inventory') }}

)

select * from final
