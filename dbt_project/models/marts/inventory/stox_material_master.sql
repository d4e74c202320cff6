with materials as (

    select * from {{ ref('int_materials_stocked') }}

),

final as (

    select
        material_number,
        material_description,
        unit_cost,
        unit_price,
        lead_time_days,
        review_period_days,
        ordering_cost,
        storage_cost_pct,
        unit_holding_cost,
        service_level_pct,
        min_order_units,
        unit_shortage_cost,
        obsolete_after_days,
        '{{ currency_of("inventory") }}' as currency_code
    from materials

)

select * from final
