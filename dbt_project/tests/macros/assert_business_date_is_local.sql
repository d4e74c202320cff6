-- business_date(): late in the evening UTC it is the next day in Johannesburg (+2) and, an hour
-- later, in Lagos (+1).
with cases as (

    select
        cast('2026-06-30 22:30:00' as timestamp) as moment,
        cast('2026-07-01' as date) as expected_wallet,
        cast('2026-06-30' as date) as expected_merchants
    union all
    select
        cast('2026-06-30 21:59:59.999999' as timestamp),
        cast('2026-06-30' as date),
        cast('2026-06-30' as date)
    union all
    select
        cast('2026-06-30 22:00:00' as timestamp),
        cast('2026-07-01' as date),
        cast('2026-06-30' as date)
    union all
    select
        cast('2025-12-31 23:00:00' as timestamp),
        cast('2026-01-01' as date),
        cast('2026-01-01' as date)
    union all
    -- Neither zone has daylight saving time.
    select
        cast('2026-01-15 12:00:00' as timestamp),
        cast('2026-01-15' as date),
        cast('2026-01-15' as date)

),

computed as (

    select
        moment,
        expected_wallet,
        expected_merchants,
        {{ business_date('moment', 'wallet') }} as actual_wallet,
        {{ business_date('moment', 'merchant_activity') }} as actual_merchants,
        {{ local_timestamp('moment', 'wallet') }} as local_moment
    from cases

)

select *
from computed
where
    actual_wallet <> expected_wallet
    or actual_merchants <> expected_merchants
    or {{ seconds_between('moment', 'local_moment') }} <> 7200
