-- ratio(): eight decimals, half away from zero; null, never 0, over nothing.
with cases as (

    select
        cast(1 as bigint) as numerator,
        cast(512 as bigint) as denominator,
        cast(0.00195313 as numeric(26, 8)) as expected
    union all
    select -1, 512, -0.00195313
    union all
    select 2, 3, 0.66666667
    union all
    select -2, 3, -0.66666667
    union all
    select 0, 7, 0
    union all
    select 1, 0, null
    union all
    select 0, 0, null
    union all
    select null, 7, null
    union all
    select 7, null, null

),

computed as (

    select
        numerator,
        denominator,
        expected,
        {{ ratio('numerator', 'denominator') }} as actual
    from cases

)

select *
from computed
where coalesce(actual, -1e15) <> coalesce(expected, -1e15)
