-- normal_cdf() and normal_loss(): values of the standard normal table, to twelve decimals; far out
-- without an underflow; null of null.
with cases as (

    select
        cast(0 as {{ type_double() }}) as z,
        cast(0.5 as {{ type_double() }}) as expected_cdf,
        cast(0.398942280401e0 as {{ type_double() }}) as expected_loss
    union all
    select 1, 0.841344746069e0, 0.083315470588e0
    union all
    select -1, 0.158655253931e0, 1.083315470588e0
    union all
    select 1.96, 0.975002104852e0, 0.009445069843e0
    union all
    select 3, 0.998650101968e0, 0.000382154317e0
    union all
    -- The two formulas meet near 7.07.
    select -7, 0.000000000001e0, 7
    union all
    select -7.1, 0.0000000000006e0, 7.1
    union all
    select 8, 1, 0
    union all
    select 100, 1, 0
    union all
    select -100, 0, 100
    union all
    select null, null, null

),

computed as (

    select
        z,
        expected_cdf,
        expected_loss,
        {{ normal_cdf('z') }} as actual_cdf,
        {{ normal_loss('z') }} as actual_loss
    from cases

)

select *
from computed
where
    abs(actual_cdf - expected_cdf) > 1e-12
    or abs(actual_loss - expected_loss) > 1e-12
    or (actual_cdf is null) <> (expected_cdf is null)
    or (actual_loss is null) <> (expected_loss is null)
