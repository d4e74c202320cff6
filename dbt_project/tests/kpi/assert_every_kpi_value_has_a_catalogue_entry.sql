-- A KPI that no catalogue entry describes would drop out of every KPI mart; one that is entered for
-- another domain would be shown under the wrong business.
with catalogue as (

    select * from {{ ref('kpi_catalogue_entries') }}

),

kpi_values as (

    {{ union_kpi_rows('monthly') }}

    union all

    {{ union_kpi_rows('daily') }}

)

select distinct
    kpi_values.domain,
    kpi_values.kpi_code
from kpi_values
left join catalogue
    on
        kpi_values.kpi_code = catalogue.kpi_code
        and kpi_values.domain = catalogue.domain
where catalogue.kpi_code is null
