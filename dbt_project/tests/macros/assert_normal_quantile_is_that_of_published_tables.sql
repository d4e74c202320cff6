-- normal_quantile(): z of the service levels that every table has, to twelve decimals; clamped to
-- 0.5 .. 0.9999; null of null.
with cases as (

    select
        cast(0.5 as {{ type_double() }}) as service_level,
        cast(0 as {{ type_double() }}) as expected
    union all
    select 0.75, 0.674489750196e0
    union all
    select 0.8, 0.841621233573e0
    union all
    -- The two formulas meet here.
    select 0.925, 1.439531470938e0
    union all
    select 0.9250001, 1.439532177376e0
    union all
    select 0.95, 1.644853626951e0
    union all
    select 0.99, 2.326347874041e0
    union all
    select 0.999, 3.090232306168e0
    union all
    select 0.9999, 3.719016485456e0
    union all
    select 1, 3.719016485456e0
    union all
    select 0.3, 0
    union all
    select null, null

),

computed as (

    select
        service_level,
        expected,
        {{ normal_quantile('service_level') }} as actual
    from cases

)

select *
from computed
where
    abs(actual - expected) > 1e-12
    or (actual is null) <> (expected is null)
