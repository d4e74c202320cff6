{% set kpis = kpis_of_grain(bnpl_kpis(), 'monthly') %}
{{ config(meta={'kpis': kpis}) }}

with metrics as (

    select * from {{ ref('int_bnpl_metrics_monthly') }}

),

final as (

    {{ kpi_rows('metrics', 'month_start', 'is_complete_period', kpis) }}

)

select * from final
