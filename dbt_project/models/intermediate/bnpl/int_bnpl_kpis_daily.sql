{% set kpis = kpis_of_grain(bnpl_kpis(), 'daily') %}
{{ config(meta={'kpis': kpis}) }}

with metrics as (

    select * from {{ ref('int_bnpl_metrics_daily') }}

),

-- The spine ends with the as-of day, the last complete one: every day here is complete.
final as (

    {{ kpi_rows('metrics', 'date_day', 'true', kpis) }}

)

select * from final
