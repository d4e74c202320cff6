{{ config(materialized='table') }}

with stock_levels as (

    select * from {{ ref('stg_inventory__stock_levels') }}

),

materials as (

    select * from {{ ref('int_materials_stocked') }}

),

sequenced as (

    select
        stock_levels.material_number,
        stock_levels.sales_office_name,
        stock_levels.stock_date,
        stock_levels.on_hand_units,
        materials.unit_cost,
        lag(stock_levels.on_hand_units) over (
            partition by stock_levels.material_number, stock_levels.sales_office_name
            order by stock_levels.stock_date
        ) as previous_on_hand_units,
        lead(stock_levels.stock_date) over (
            partition by stock_levels.material_number, stock_levels.sales_office_name
            order by stock_levels.stock_date
        ) as next_stock_date
    from stock_levels
    inner join materials
        on stock_levels.material_number = materials.material_number
    where stock_levels.stock_date <= {{ as_of_date('inventory') }}

),

final as (

    select
        material_number,
        sales_office_name,
        unit_cost,
        cast(on_hand_units as numeric(18, 3)) as on_hand_units,
        cast(previous_on_hand_units as numeric(18, 3)) as previous_on_hand_units,
        -- A day that was not read neither ends a run of empty days nor begins one.
        on_hand_units = 0 and coalesce(previous_on_hand_units, 1) > 0 as is_stockout_start,
        stock_date,
        coalesce({{ add_days('next_stock_date', -1) }}, {{ as_of_date('inventory') }})
            as valid_to_date
    from sequenced

)

select * from final
