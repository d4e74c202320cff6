-- On the as-of day all stock together is what its materials are; each is rounded to the cent.
with summary as (

    select * from {{ ref('stox_enterprise_summary') }}

),

performance as (

    select * from {{ ref('stox_performance_metrics') }}

),

working_capital as (

    select * from {{ ref('stox_working_capital') }}

),

of_materials as (

    select
        max(performance.calculation_date) as calculation_date,
        count(*) as material_count,
        sum(performance.inventory_value) as inventory_value,
        sum(performance.excess_inventory_value) as excess_value,
        sum(performance.obsolete_inventory_value) as obsolete_value,
        sum(working_capital.inventory_value) as average_value,
        sum(working_capital.annual_cogs_amount) as annual_cogs_amount
    from performance
    inner join working_capital
        on performance.material_number = working_capital.material_number

),

final as (

    select
        summary.calculation_date,
        summary.total_inventory_value,
        of_materials.inventory_value,
        summary.total_working_capital,
        of_materials.average_value,
        summary.annual_cogs_amount,
        of_materials.annual_cogs_amount as annual_cogs_of_materials
    from summary
    inner join of_materials
        on summary.calculation_date = of_materials.calculation_date
    where
        abs(summary.total_inventory_value - of_materials.inventory_value)
        > 0.01 * of_materials.material_count
        or abs(summary.excess_inventory_value - coalesce(of_materials.excess_value, 0))
        > 0.01 * of_materials.material_count
        or abs(summary.obsolete_inventory_value - coalesce(of_materials.obsolete_value, 0))
        > 0.01 * of_materials.material_count
        or abs(summary.total_working_capital - of_materials.average_value)
        > 0.01 * of_materials.material_count
        or abs(summary.annual_cogs_amount - of_materials.annual_cogs_amount)
        > 0.01 * of_materials.material_count

)

select * from final
