{%- set double = type_double() -%}
with policies as (

    select * from {{ ref('int_inventory_policies') }}

),

costs as (

    select
        *,
        {{ inventory_ordering_cost('order_quantity') }} as annual_ordering_cost,
        {{ inventory_holding_cost('order_quantity', 'safety_stock') }} as annual_holding_cost,
        -- Safety stock in deviations of the demand over the lead time; a demand that never varies
        -- is never short.
        {{ to_scale(
            'cast(safety_stock as ' ~ double ~ ') / nullif(cast(lead_time_demand_std_dev as '
            ~ double ~ '), 0)', 8) }} as safety_factor
    from policies
    where snapshot_date = {{ as_of_date('inventory') }}

),

shortages as (

    select
        *,
        case
            when annual_demand_units = 0 then 0
            when lead_time_demand_std_dev = 0 then 0 * order_quantity
            else
                cast(lead_time_demand_std_dev as {{ double }})
                * ({{ normal_loss('cast(safety_factor as ' ~ double ~ ')') }})
                * cast(annual_demand_units as {{ double }})
                / nullif(cast(order_quantity as {{ double }}), 0)
        end as shortage_units
    from costs

),

priced as (

    select
        *,
        {{ to_scale('shortage_units', 8) }} as annual_shortage_units,
        {{ to_scale('shortage_units * unit_shortage_cost', 8) }} as annual_shortage_cost
    from shortages

),

final as (

    select
        material_number,
        material_description,
        annual_demand_units,
        order_quantity,
        annual_ordering_cost as ordering_cost,
        annual_holding_cost as holding_cost,
        annual_shortage_units as shortage_units,
        annual_shortage_cost as shortage_cost,
        cast(
            annual_ordering_cost + annual_holding_cost + annual_shortage_cost as numeric(26, 8)
        ) as total_annual_cost,
        '{{ currency_of("inventory") }}' as currency_code,
        snapshot_date as calculation_date
    from priced

)

select * from final
