-- year_month(): of the leap day, of the last day of a year.
with cases as (

    select
        cast('2024-02-29' as date) as date_day,
        '2024-02' as expected
    union all
    select cast('2025-12-31' as date), '2025-12'

)

select *
from cases
where {{ year_month('date_day') }} <> expected
