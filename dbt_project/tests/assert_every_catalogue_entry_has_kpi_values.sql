-- A KPI that is promised by the catalogue is computed, once its domain has data.
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
    periods.first_date is not null
    and not catalogue.has_monthly_values
    and not catalogue.has_daily_values
