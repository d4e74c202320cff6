with metrics as (

    select * from {{ ref('int_microfinance_metrics_daily') }}

),

-- The spine ends with the as-of day, the last complete one: every day here is complete.
final as (

    {{ kpi_rows('metrics', 'date_day', 'true', microfinance_operational_kpis()) }}

)

select * from final
