-- The KPIs that exist by day and by month alike sum up, where they are sums.
{%- set summed = "'disbursed_amount', 'disbursed_loans', 'collected_amount', 'new_customers'" %}

with kpi_daily as (

    select * from {{ ref('kpi_daily') }}

),

kpi_monthly as (

    select * from {{ ref('kpi_monthly') }}

),

days as (

    select
        kpi_code,
        {{ month_start('date_day') }} as month_start,
        sum(value) as value
    from kpi_daily
    where domain = 'microfinance'
    group by kpi_code, {{ month_start('date_day') }}

),

months as (

    select
        kpi_code,
        month_start,
        value
    from kpi_monthly
    where kpi_code in ({{ summed }})

)

select
    months.kpi_code,
    months.month_start,
    months.value as monthly_value,
    days.value as daily_value
from months
left join days
    on
        months.kpi_code = days.kpi_code
        and months.month_start = days.month_start
where coalesce(days.value, -1) <> months.value
