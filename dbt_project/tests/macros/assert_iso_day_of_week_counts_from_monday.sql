-- iso_day_of_week(): Monday 1 to Sunday 7, also before 2024-01-01, from which it counts.
with cases as (

    select
        cast('2024-01-01' as date) as day,
        1 as expected
    union all
    select cast('2024-01-07' as date), 7
    union all
    select cast('2024-01-08' as date), 1
    union all
    select cast('2023-12-31' as date), 7
    union all
    select cast('2023-12-25' as date), 1
    union all
    select cast('2023-12-23' as date), 6
    union all
    select cast('2024-02-29' as date), 4
    union all
    select cast('1999-12-31' as date), 5
    union all
    select cast('2030-12-31' as date), 2

),

computed as (

    select
        day,
        expected,
        {{ iso_day_of_week('day') }} as actual
    from cases

)

select *
from computed
where actual <> expected
