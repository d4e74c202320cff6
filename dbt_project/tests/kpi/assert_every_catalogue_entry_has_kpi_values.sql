-- A KPI that is promised by the catalogue is computed, once its domain has data by the as-of day.
with catalogue as (

    select * from {{ ref('kpi_catalogue') }}

),

periods as (

    select * from {{ ref('int_domain_periods') }}

)

select catalogue.kpi_code
from catalogue
inner join periods
    on catalogue.domain = periods.domain
where
    periods.first_date <= periods.as_of_date
    and not catalogue.has_monthly_values
    and not catalogue.has_daily_values
