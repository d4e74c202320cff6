with policies as (

    select * from {{ ref('int_inventory_policies') }}

),

-- Without a holding cost there is no best quantity, and without demand no order.
final as (

    select
        material_number,
        material_description,
        annual_demand_units,
        ordering_cost,
        unit_holding_cost,
        min_order_units,
        economic_order_quantity,
        order_quantity,
        {{ ratio('annual_demand_units', 'economic_order_quantity') }} as order_frequency_annual,
        {{ inventory_ordering_cost('economic_order_quantity') }} as annual_ordering_cost,
        {{ inventory_holding_cost('economic_order_quantity') }} as annual_holding_cost,
        '{{ currency_of("inventory") }}' as currency_code,
        snapshot_date as calculation_date
    from policies
    where snapshot_date = {{ as_of_date('inventory') }}

)

select * from final
