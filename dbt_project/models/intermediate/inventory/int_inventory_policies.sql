{{ config(materialized='table') }}

{%- set double = type_double() -%}
{%- set fewest_days = var('inventory_least_history_days') -%}

with materials as (

    select * from {{ ref('int_materials_stocked') }}

),

demand as (

    select * from {{ ref('int_inventory_demand_daily') }}

),

purchase_orders as (

    select * from {{ ref('stg_inventory__purchase_orders') }}

),

months as (

    {{ month_spine('inventory') }}

),

snapshots as (

    select
        month_start,
        least(month_end, {{ as_of_date('inventory') }}) as snapshot_date
    from months

),

past_year as (

    select
        material_number,
        date_day,
        first_order_date,
        count(*) over {{ trailing_days('date_day', 'material_number') }} as history_days,
        sum(ordered_units) over {{ trailing_days('date_day', 'material_number') }} as demand_units,
        sum(ordered_units * ordered_units) over {{ trailing_days('date_day', 'material_number') }}
            as demand_squares,
        sum(case when ordered_units > 0 then 1 else 0 end)
            over {{ trailing_days('date_day', 'material_number') }} as demand_days
    from demand

),

receipts as (

    select
        snapshots.snapshot_date,
        purchase_orders.material_number,
        {{ days_between('purchase_orders.ordered_date', 'purchase_orders.received_date') }}
            as days_taken
    from snapshots
    inner join purchase_orders
        on snapshots.snapshot_date >= purchase_orders.received_date

),

lead_times as (

    select
        snapshot_date,
        material_number,
        count(*) as receipt_count,
        sum(days_taken) as days_taken,
        sum(days_taken * days_taken) as days_taken_squares
    from receipts
    group by snapshot_date, material_number

),

-- Variance of all days, and of those with demand.
measures as (

    select
        snapshots.month_start,
        snapshots.snapshot_date,
        materials.*,
        past_year.first_order_date,
        coalesce(past_year.history_days, 0) as history_days,
        coalesce(past_year.demand_units, 0) as demand_units,
        coalesce(past_year.demand_days, 0) as demand_days,
        coalesce(lead_times.receipt_count, 0) as receipt_count,
        case
            when past_year.history_days is null then 0e0
            else cast(past_year.demand_units as {{ double }}) / past_year.history_days
        end as mean_daily_demand,
        {{ sample_variance(
            'past_year.history_days', 'past_year.demand_units', 'past_year.demand_squares') }}
            as demand_variance,
        {{ sample_variance(
            'past_year.demand_days', 'past_year.demand_units', 'past_year.demand_squares') }}
            as demand_day_variance,
        case
            when past_year.demand_days > 0
                then cast(past_year.history_days as {{ double }}) / past_year.demand_days
        end as demand_interval,
        case
            when lead_times.receipt_count >= 3
                then {{ sample_variance(
                    'lead_times.receipt_count', 'lead_times.days_taken',
                    'lead_times.days_taken_squares') }}
            else 0e0
        end as lead_time_variance
    from snapshots
    cross join materials
    left join past_year
        on
            materials.material_number = past_year.material_number
            and snapshots.snapshot_date = past_year.date_day
    left join lead_times
        on
            materials.material_number = lead_times.material_number
            and snapshots.snapshot_date = lead_times.snapshot_date

),

methods as (

    select
        *,
        demand_day_variance * demand_days * demand_days / nullif(
            cast(demand_units as {{ double }}) * cast(demand_units as {{ double }}), 0
        ) as squared_variation,
        case
            when demand_units = 0 then 'none'
            when history_days < {{ fewest_days }} then 'fixed'
            else 'statistical'
        end as calculation_method,
        case
            when demand_units = 0 then 0e0
            when history_days >= {{ fewest_days }} then mean_daily_demand * 365
        end as annual_demand,
        sqrt(
            coalesce(demand_variance, 0) * protection_days
            + mean_daily_demand * mean_daily_demand * lead_time_variance
        ) as demand_deviation_over_lead_time
    from measures

),

quantities as (

    select
        *,
        case
            when annual_demand = 0 then 0e0
            else sqrt(
                2e0 * annual_demand * ordering_cost
                / nullif(cast(unit_holding_cost as {{ double }}), 0)
            )
        end as economic_order_quantity,
        case calculation_method
            when 'none' then 0e0
            when 'fixed' then mean_daily_demand * {{ var('inventory_fixed_safety_days') }}
            else {{ normal_quantile('service_level_pct') }} * demand_deviation_over_lead_time
        end as safety_stock,
        mean_daily_demand * protection_days as lead_time_demand
    from methods

),

final as (

    select
        month_start,
        snapshot_date,
        material_number,
        material_description,
        unit_cost,
        lead_time_days,
        review_period_days,
        ordering_cost,
        unit_holding_cost,
        service_level_pct,
        min_order_units,
        unit_shortage_cost,
        obsolete_after_days,
        calculation_method,
        {{ demand_pattern('demand_interval', 'squared_variation') }} as demand_pattern,
        first_order_date,
        cast(history_days as integer) as history_days,
        cast(demand_days as integer) as demand_days,
        cast(receipt_count as integer) as receipt_count,
        cast(demand_units as numeric(18, 3)) as demand_units,
        {{ to_scale('mean_daily_demand', 8) }} as avg_daily_demand,
        {{ to_scale('sqrt(demand_variance)', 8) }} as demand_std_dev,
        {{ to_scale('demand_interval', 8) }} as demand_interval,
        {{ to_scale('squared_variation', 8) }} as squared_variation,
        {{ to_scale('lead_time_variance', 8) }} as lead_time_variance,
        {{ to_scale('demand_deviation_over_lead_time', 8) }} as lead_time_demand_std_dev,
        {{ to_scale('annual_demand', 8) }} as annual_demand_units,
        {{ to_scale('economic_order_quantity', 8) }} as economic_order_quantity,
        -- Whole units, no fewer than the supplier delivers; of nothing demanded, none.
        cast(
            case
                when annual_demand = 0 then 0
                when economic_order_quantity is not null
                    then greatest(
                        ceil({{ to_scale('economic_order_quantity', 8) }}), min_order_units
                    )
            end as numeric(18, 3)
        ) as order_quantity,
        {{ to_scale('safety_stock', 8) }} as safety_stock,
        {{ to_scale('lead_time_demand', 8) }} as lead_time_demand,
        {{ to_scale('lead_time_demand + safety_stock', 8) }} as reorder_point
    from quantities

)

select * from final
