-- try_to_timestamp(): ISO 8601 without an offset, real days only; all else is null and no error.
with cases as (

    select
        '2024-01-31T23:59:59' as cell,
        cast('2024-01-31 23:59:59' as timestamp) as expected
    union all
    select '2024-01-31 00:00:00', cast('2024-01-31 00:00:00' as timestamp)
    union all
    select '2024-02-29T12:00:00', cast('2024-02-29 12:00:00' as timestamp)
    union all
    select '2024-06-01T08:30:00.123456', cast('2024-06-01 08:30:00.123456' as timestamp)
    union all
    select '2024-06-01T08:30:00.5', cast('2024-06-01 08:30:00.5' as timestamp)
    union all
    select '', null
    union all
    select 'NOT-A-DATE', null
    union all
    select '2024-02-30T12:00:00', null
    union all
    select '2023-02-29T12:00:00', null
    union all
    select '2024-04-31T12:00:00', null
    union all
    select '2024-13-01T12:00:00', null
    union all
    select '2024-00-10T12:00:00', null
    union all
    select '2024-01-00T12:00:00', null
    union all
    select '2024-01-01T24:00:00', null
    union all
    select '2024-01-01T12:60:00', null
    union all
    select '2024-01-01T12:00:60', null
    union all
    select '2024-01-01', null
    union all
    select '2024-1-1 1:00:00', null
    union all
    select '01/31/2024 10:00:00', null
    union all
    select '2024-01-31T10:00:00+01:00', null
    union all
    select '2024-01-31T10:00:00Z', null
    union all
    select '2024-01-31T10:00:00 and more', null
    union all
    select cast(null as {{ dbt.type_string() }}), null

),

computed as (

    select
        cell,
        expected,
        {{ try_to_timestamp('cell') }} as actual
    from cases

)

select *
from computed
where
    coalesce(actual, cast('1900-01-01 00:00:00' as timestamp))
    <> coalesce(expected, cast('1900-01-01 00:00:00' as timestamp))
