with metrics as (

    select * from {{ ref('int_inventory_metrics_monthly') }}

),

final as (

    select
        snapshot_date as calculation_date,
        month_start,
        active_material_count as total_sku_count,
        inventory_value_amount as total_inventory_value,
        average_value_amount as total_working_capital,
        annual_cogs_amount,
        excess_value_amount as excess_inventory_value,
        obsolete_value_amount as obsolete_inventory_value,
        '{{ currency_of("inventory") }}' as currency_code,
        {{ kpi_ratio(inventory_kpis(), 'inventory_turnover') }} as avg_turnover_ratio,
        {{ ratio('trailing_filled_line_count', 'trailing_order_line_count') }}
            as service_level_achievement,
        trailing_order_line_count as order_line_count,
        is_complete_period
    from metrics

)

select * from final
