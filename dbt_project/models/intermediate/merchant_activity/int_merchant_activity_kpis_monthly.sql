with metrics as (

    select * from {{ ref('int_merchant_activity_metrics_monthly') }}

),

final as (

    {{ kpi_rows('metrics', 'month_start', 'is_complete_period', merchant_activity_kpis(
        'monthly_active_merchants')) }}

)

select * from final
