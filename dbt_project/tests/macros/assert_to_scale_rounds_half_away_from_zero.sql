-- to_scale() of doubles and money() of decimals: halves go away from zero, on both sides of it. The
-- doubles are sums of powers of two, so that each is an exact half.
with doubles as (

    select
        cast(0.125 as {{ type_double() }}) as number,
        cast(0.13 as numeric(20, 2)) as expected
    union all
    select -0.125, -0.13
    union all
    select 2.5, 2.50
    union all
    select 0.375, 0.38
    union all
    select -0.375, -0.38
    union all
    select 1234567890.625, 1234567890.63
    union all
    select 0, 0
    union all
    select null, null

),

decimals as (

    select
        cast(0.005 as numeric(20, 4)) as number,
        cast(0.01 as numeric(20, 2)) as expected
    union all
    select -0.005, -0.01
    union all
    select 1.0049, 1.00
    union all
    select -1.0051, -1.01
    union all
    -- A sum over no rows is no money.
    select null, 0

),

computed as (

    select
        'to_scale' as tested_macro,
        expected,
        {{ to_scale('number', 2) }} as actual
    from doubles

    union all

    select
        'money' as tested_macro,
        expected,
        {{ money('number') }} as actual
    from decimals

    union all

    select
        'to_scale 0' as tested_macro,
        cast(-3 as numeric(20, 2)) as expected,
        cast({{ to_scale('cast(-2.5 as ' ~ type_double() ~ ')', 0) }} as numeric(20, 2)) as actual

)

select *
from computed
where coalesce(actual, -1e15) <> coalesce(expected, -1e15)
