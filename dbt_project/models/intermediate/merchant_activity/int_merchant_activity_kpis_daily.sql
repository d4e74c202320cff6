with metrics as (

    select * from {{ ref('int_merchant_activity_metrics_daily') }}

),

final as (

    {{ kpi_rows('metrics', 'date_day', 'is_complete_period', merchant_activity_kpis(
        'daily_active_merchants')) }}

)

select * from final
