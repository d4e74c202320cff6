{% set kpis = kpis_of_grain(merchant_activity_kpis(), 'daily') %}
{{ config(meta={'kpis': kpis}) }}

with metrics as (

    select * from {{ ref('int_merchant_activity_metrics_daily') }}

),

final as (

    {{ kpi_rows('metrics', 'date_day', 'is_complete_period', kpis) }}

)

select * from final
