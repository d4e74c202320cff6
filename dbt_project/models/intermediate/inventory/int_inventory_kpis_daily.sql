{% set kpis = kpis_of_grain(inventory_kpis(), 'daily') %}
{{ config(meta={'kpis': kpis}) }}

with metrics as (

    select * from {{ ref('int_inventory_metrics_daily') }}

),

final as (

    {{ kpi_rows('metrics', 'date_day', 'is_complete_period', kpis) }}

)

select * from final
