-- to_utc(): the instant as a naive UTC timestamp, whatever offset it was written with.
with cases as (

    select
        cast('2026-07-01 00:30:00+02:00' as {{ type_timestamp_tz() }}) as moment,
        cast('2026-06-30 22:30:00' as timestamp) as expected
    union all
    select
        cast('2026-06-30 22:30:00+00:00' as {{ type_timestamp_tz() }}),
        cast('2026-06-30 22:30:00' as timestamp)
    union all
    select
        cast('2024-02-29 23:00:00-05:00' as {{ type_timestamp_tz() }}),
        cast('2024-03-01 04:00:00' as timestamp)

),

computed as (

    select
        expected,
        {{ to_utc('moment') }} as actual
    from cases

)

select *
from computed
where actual <> expected
