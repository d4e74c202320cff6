-- Charts read the mart, tiles and scorecard the KPI: a month is complete for both or for neither.
with active_merchants as (

    select * from {{ ref('monthly_active_merchants') }}

),

kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}
    where kpi_code = 'monthly_active_merchants'

)

select
    active_merchants.month_start,
    active_merchants.is_complete_period,
    kpi_monthly.is_complete_period as kpi_is_complete_period
from active_merchants
left join kpi_monthly
    on active_merchants.month_start = kpi_monthly.month_start
where
    kpi_monthly.month_start is null
    or active_merchants.is_complete_period <> kpi_monthly.is_complete_period
