-- number_text(): thousands separators, fixed decimals, halves away from zero, null for null.
with numbers as (

    select
        cast(16977955.805 as numeric(26, 8)) as number,
        '16,977,955.81' as expected,
        '16,977,956' as expected_whole
    union all
    select 0, '0.00', '0'
    union all
    select -1234.5, '-1,234.50', '-1,235'
    union all
    select 999.995, '1,000.00', '1,000'
    union all
    select 0.004, '0.00', '0'
    union all
    select null, null, null

),

computed as (

    select
        expected,
        {{ number_text('number', 2) }} as actual
    from numbers

    union all

    select
        expected_whole as expected,
        {{ number_text('number', 0) }} as actual
    from numbers

)

select *
from computed
where coalesce(actual, 'null') <> coalesce(expected, 'null')
