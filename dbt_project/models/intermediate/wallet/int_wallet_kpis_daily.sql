with metrics as (

    select * from {{ ref('int_wallet_metrics_daily') }}

),

-- The spine ends with the as-of day, the last complete one: every day here is complete.
final as (

    {{ kpi_rows('metrics', 'date_day', 'true', [
        {'code': 'daily_transaction_volume', 'numerator': 'completed_amount'},
        {'code': 'dau', 'numerator': 'active_user_count'},
        {'code': 'wau', 'numerator': 'weekly_active_user_count'},
    ] + wallet_operational_kpis()) }}

)

select * from final
