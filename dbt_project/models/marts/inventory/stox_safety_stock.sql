with policies as (

    select * from {{ ref('int_inventory_policies') }}

),

final as (

    select
        material_number,
        material_description,
        safety_stock as safety_stock_units,
        service_level_pct,
        avg_daily_demand,
        demand_std_dev,
        lead_time_days,
        review_period_days,
        lead_time_variance,
        receipt_count,
        lead_time_demand_std_dev,
        calculation_method,
        demand_pattern,
        demand_interval,
        squared_variation,
        history_days,
        demand_days,
        snapshot_date as calculation_date
    from policies
    where snapshot_date = {{ as_of_date('inventory') }}

)

select * from final
