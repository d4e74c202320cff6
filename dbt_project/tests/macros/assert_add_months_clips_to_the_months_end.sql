-- add_months(): the last day of a shorter month; add_days() and days_between() over a leap day.
with month_cases as (

    select
        cast('2024-01-31' as date) as day,
        1 as steps,
        cast('2024-02-29' as date) as expected
    union all
    select cast('2023-01-31' as date), 1, cast('2023-02-28' as date)
    union all
    select cast('2024-02-29' as date), 12, cast('2025-02-28' as date)
    union all
    select cast('2025-03-31' as date), -1, cast('2025-02-28' as date)
    union all
    select cast('2025-11-30' as date), 3, cast('2026-02-28' as date)
    union all
    select cast('2025-05-15' as date), 0, cast('2025-05-15' as date)

),

day_cases as (

    select
        cast('2024-02-28' as date) as day,
        2 as steps,
        cast('2024-03-01' as date) as expected
    union all
    select cast('2023-02-28' as date), 1, cast('2023-03-01' as date)
    union all
    select cast('2025-01-01' as date), -1, cast('2024-12-31' as date)
    union all
    select cast('2025-01-01' as date), -366, cast('2024-01-01' as date)

),

computed as (

    select
        'add_months' as tested_macro,
        day,
        steps,
        expected,
        {{ add_months('day', 'steps') }} as actual,
        0 as days_off
    from month_cases

    union all

    select
        'add_days' as tested_macro,
        day,
        steps,
        expected,
        {{ add_days('day', 'steps') }} as actual,
        {{ days_between('day', 'expected') }} - steps as days_off
    from day_cases

)

select *
from computed
where
    actual <> expected
    or days_off <> 0
