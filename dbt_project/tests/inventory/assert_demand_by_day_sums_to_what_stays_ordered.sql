-- No order is lost or doubled between the lines of goods and the days of their demand.
with lines as (

    select * from {{ ref('int_goods_lines_netted') }}

),

demand as (

    select * from {{ ref('int_inventory_demand_daily') }}

),

ordered as (

    select
        material_number,
        sum(net_ordered_units) as ordered_units
    from lines
    group by material_number

),

demanded as (

    select
        material_number,
        sum(ordered_units) as ordered_units
    from demand
    group by material_number

),

final as (

    select
        ordered.material_number,
        ordered.ordered_units as units_of_lines,
        demanded.ordered_units as units_of_days
    from ordered
    left join demanded
        on ordered.material_number = demanded.material_number
    where ordered.ordered_units <> coalesce(demanded.ordered_units, 0)

)

select * from final
