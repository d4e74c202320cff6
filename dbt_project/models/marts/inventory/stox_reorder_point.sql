with policies as (

    select * from {{ ref('int_inventory_policies') }}

),

final as (

    select
        material_number,
        material_description,
        reorder_point,
        avg_daily_demand,
        safety_stock,
        lead_time_demand,
        lead_time_days,
        review_period_days,
        snapshot_date as calculation_date
    from policies
    where snapshot_date = {{ as_of_date('inventory') }}

)

select * from final
