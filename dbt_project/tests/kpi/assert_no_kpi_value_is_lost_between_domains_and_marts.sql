-- Joining catalogue, targets and rates neither drops a KPI value nor doubles one.
with kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}

),

kpi_daily as (

    select * from {{ ref('kpi_daily') }}

),

monthly_rows as (

    {{ union_kpi_rows('monthly') }}

),

daily_rows as (

    {{ union_kpi_rows('daily') }}

),

counts as (

    select
        (select count(*) from monthly_rows) as monthly_row_count,
        (select count(*) from kpi_monthly) as monthly_mart_count,
        (select count(*) from daily_rows) as daily_row_count,
        (select count(*) from kpi_daily) as daily_mart_count

)

select *
from counts
where
    monthly_row_count <> monthly_mart_count
    or daily_row_count <> daily_mart_count
