-- A file that a source promises and that is not loaded leaves no month and no day of its domain
-- complete.
with file_gaps as (

    select * from {{ ref('file_gaps') }}

),

kpi_periods as (

    select
        kpi_code,
        domain,
        month_start as first_date,
        {{ last_day_of_month('month_start') }} as last_date,
        is_complete_period
    from {{ ref('kpi_monthly') }}

    union all

    select
        kpi_code,
        domain,
        date_day as first_date,
        date_day as last_date,
        is_complete_period
    from {{ ref('kpi_daily') }}

)

select
    kpi_periods.kpi_code,
    kpi_periods.first_date,
    file_gaps.file_name
from kpi_periods
inner join file_gaps
    on
        kpi_periods.domain = file_gaps.source_name
        and kpi_periods.first_date <= file_gaps.expected_date
        and kpi_periods.last_date >= file_gaps.expected_date
where kpi_periods.is_complete_period
