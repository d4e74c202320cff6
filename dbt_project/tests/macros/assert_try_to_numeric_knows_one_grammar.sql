-- try_to_numeric(): plain decimals only, the same on every engine; all else is null.
with cases as (

    select
        '210.8' as cell,
        cast(210.80 as numeric(20, 2)) as expected
    union all
    select '0', 0
    union all
    select '-5.25', -5.25
    union all
    select '+7', 7
    union all
    select '007.5', 7.5
    union all
    select '2.345', 2.35
    union all
    select '-2.345', -2.35
    union all
    select '999999999999999999', 999999999999999999
    union all
    select 'INVALID', null
    union all
    select '', null
    union all
    select ' 7 ', null
    union all
    select '1e5', null
    union all
    select '1,000.00', null
    union all
    select '.5', null
    union all
    select '5.', null
    union all
    select 'NaN', null
    union all
    select 'Infinity', null
    union all
    select '1_000', null
    union all
    select '0x1F', null
    union all
    select '--1', null
    union all
    select '12 NGN', null
    union all
    select cast(null as {{ dbt.type_string() }}), null

),

computed as (

    select
        cell,
        expected,
        {{ try_to_numeric('cell') }} as actual
    from cases

)

select *
from computed
where coalesce(actual, -1e15) <> coalesce(expected, -1e15)
