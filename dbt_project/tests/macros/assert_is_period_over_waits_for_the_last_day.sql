-- is_period_over(): a week ends on Sunday, a month and a quarter on their last day.
with cases as (

    select
        cast('2026-06-03' as date) as day,
        cast('2026-06-06' as date) as last_day,
        false as week_is_over,
        false as month_is_over,
        false as quarter_is_over
    union all
    select cast('2026-06-03' as date), cast('2026-06-07' as date), true, false, false
    union all
    select cast('2026-06-07' as date), cast('2026-06-07' as date), true, false, false
    union all
    select cast('2026-06-08' as date), cast('2026-06-07' as date), false, false, false
    union all
    select cast('2026-06-29' as date), cast('2026-06-30' as date), false, true, true
    union all
    select cast('2024-02-01' as date), cast('2024-02-28' as date), true, false, false
    union all
    select cast('2024-02-01' as date), cast('2024-02-29' as date), true, true, false
    union all
    select cast('2025-10-31' as date), cast('2025-12-30' as date), true, true, false
    union all
    select cast('2025-10-31' as date), cast('2025-12-31' as date), true, true, true

)

select *
from cases
where
    {{ is_period_over('week', 'day', 'last_day') }} <> week_is_over
    or {{ is_period_over('month', 'day', 'last_day') }} <> month_is_over
    or {{ is_period_over('quarter', 'day', 'last_day') }} <> quarter_is_over
