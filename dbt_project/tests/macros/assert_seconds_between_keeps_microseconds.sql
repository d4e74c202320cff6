-- seconds_between(): exact to the microsecond, over days, and negative backwards.
with cases as (

    select
        cast('2026-06-30 23:59:59.999999' as timestamp) as earlier,
        cast('2026-07-01 00:00:00' as timestamp) as later,
        cast(0.000001 as numeric(18, 6)) as expected
    union all
    select
        cast('2026-06-30 00:00:00' as timestamp),
        cast('2026-07-01 00:00:00' as timestamp),
        86400
    union all
    select
        cast('2024-02-28 12:00:00' as timestamp),
        cast('2024-03-01 12:00:00.25' as timestamp),
        172800.25
    union all
    select
        cast('2026-07-01 00:00:01' as timestamp),
        cast('2026-07-01 00:00:00' as timestamp),
        -1
    union all
    select
        cast('2026-07-01 00:00:00' as timestamp),
        cast('2026-07-01 00:00:00' as timestamp),
        0

),

computed as (

    select
        earlier,
        later,
        expected,
        {{ seconds_between('earlier', 'later') }} as actual
    from cases

)

select *
from computed
where actual <> expected
