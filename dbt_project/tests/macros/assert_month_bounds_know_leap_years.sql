-- month_start() and last_day_of_month(), February and December above all.
with cases as (

    select
        cast('2024-02-10' as date) as day,
        cast('2024-02-01' as date) as expected_start,
        cast('2024-02-29' as date) as expected_end
    union all
    select cast('2023-02-28' as date), cast('2023-02-01' as date), cast('2023-02-28' as date)
    union all
    select cast('2000-02-29' as date), cast('2000-02-01' as date), cast('2000-02-29' as date)
    union all
    select cast('2025-12-31' as date), cast('2025-12-01' as date), cast('2025-12-31' as date)
    union all
    select cast('2026-04-01' as date), cast('2026-04-01' as date), cast('2026-04-30' as date)

),

computed as (

    select
        day,
        expected_start,
        expected_end,
        {{ month_start('day') }} as actual_start,
        {{ last_day_of_month('day') }} as actual_end
    from cases

)

select *
from computed
where
    actual_start <> expected_start
    or actual_end <> expected_end
