-- months_between(): calendar months, across years, whatever the day of the month.
with cases as (

    select
        cast('2024-11-30' as date) as earlier,
        cast('2025-01-01' as date) as later,
        2 as expected
    union all
    select cast('2024-01-31' as date), cast('2024-01-01' as date), 0
    union all
    select cast('2024-01-01' as date), cast('2025-01-31' as date), 12
    union all
    select cast('2022-12-31' as date), cast('2026-03-01' as date), 39
    union all
    select cast('2025-01-01' as date), cast('2024-12-31' as date), -1

),

computed as (

    select
        earlier,
        later,
        expected,
        {{ months_between('earlier', 'later') }} as actual
    from cases

)

select *
from computed
where actual <> expected
