{%- set double = type_double() -%}
with materials as (

    select * from {{ ref('int_materials_stocked') }}

),

stock_levels as (

    select * from {{ ref('int_stock_levels_spanned') }}

),

lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

-- The last 365 days, or those since the first reading of any stock. A material that came later
-- counts as 0 before: so its average and its cost of goods are of the same days.
bounds as (

    select
        case
            when min(stock_date) > {{ trailing_days_begin(as_of_date('inventory')) }}
                then min(stock_date)
            else {{ trailing_days_begin(as_of_date('inventory')) }}
        end as window_start_date,
        {{ as_of_date('inventory') }} as calculation_date
    from stock_levels

),

stocked as (

    select
        stock_levels.material_number,
        sum(
            stock_levels.on_hand_units * (
                {{ days_between(
                    'greatest(stock_levels.stock_date, bounds.window_start_date)',
                    'stock_levels.valid_to_date') }} + 1
            )
        ) as unit_days
    from stock_levels
    cross join bounds
    where stock_levels.valid_to_date >= bounds.window_start_date
    group by stock_levels.material_number

),

sold as (

    select
        lines.material_number,
        sum(lines.total_cogs) as cogs_amount
    from lines
    cross join bounds
    where lines.posting_date >= bounds.window_start_date
    group by lines.material_number

),

joined as (

    select
        materials.material_number,
        materials.material_description,
        materials.unit_cost,
        stocked.unit_days,
        {{ days_between('bounds.window_start_date', 'bounds.calculation_date') }} + 1
            as window_days,
        coalesce(sold.cogs_amount, 0) as cogs_amount,
        bounds.calculation_date
    from materials
    cross join bounds
    left join stocked
        on materials.material_number = stocked.material_number
    left join sold
        on materials.material_number = sold.material_number
    where bounds.calculation_date is not null

),

averages as (

    select
        *,
        cast(unit_days as {{ double }}) / window_days as avg_units,
        cast(cogs_amount as {{ double }}) * 365 / window_days as annual_cogs
    from joined

),

valued as (

    select
        *,
        {{ to_scale('avg_units', 8) }} as avg_inventory_units,
        {{ to_scale('avg_units * unit_cost', 2) }} as inventory_value,
        {{ to_scale('annual_cogs', 2) }} as annual_cogs_amount
    from averages

),

final as (

    select
        material_number,
        material_description,
        avg_inventory_units,
        unit_cost,
        inventory_value,
        annual_cogs_amount,
        '{{ currency_of("inventory") }}' as currency_code,
        {{ ratio('nullif(annual_cogs_amount, 0)', 'inventory_value') }} as turnover_ratio,
        {{ ratio('365 * nullif(inventory_value, 0)', 'annual_cogs_amount') }} as days_on_hand,
        window_days,
        calculation_date
    from valued

)

select * from final
