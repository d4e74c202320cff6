with materials as (

    select * from {{ ref('stg_commerce__materials') }}

),

final as (

    select
        material_number,
        material_description,
        unit_cost,
        unit_price,
        lead_time_days,
        review_period_days,
        lead_time_days + review_period_days as protection_days,
        ordering_cost,
        storage_cost_pct,
        cast(unit_cost * storage_cost_pct as numeric(20, 8)) as unit_holding_cost,
        service_level_pct,
        min_order_cases as min_order_units,
        shortage_cost as unit_shortage_cost,
        obsolete_after_days
    from materials
    where is_merchandise

)

select * from final
