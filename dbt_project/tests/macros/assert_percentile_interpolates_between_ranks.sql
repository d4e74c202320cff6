-- median() of an even count is the mean of the middle two; percentile() interpolates; nulls are
-- left out.
with amounts as (

    select
        'even' as series,
        cast(1 as numeric(15, 2)) as amount
    union all
    select 'even', 2
    union all
    select 'even', 10
    union all
    select 'even', 20
    union all
    select 'odd', 7
    union all
    select 'odd', 1
    union all
    select 'odd', 3
    union all
    select 'odd', null
    union all
    select 'none', null

),

computed as (

    select
        series,
        case series when 'even' then 6 when 'odd' then 3 end as expected_median,
        {{ to_scale(median('amount'), 2) }} as actual_median,
        -- Rank 0.95 x (n - 1): 2.85 of 4 values, 1.9 of 3.
        case series when 'even' then 18.5 when 'odd' then 6.6 end as expected_p95,
        {{ to_scale(percentile('amount', 0.95), 2) }} as actual_p95
    from amounts
    group by series

)

select *
from computed
where
    coalesce(actual_median, -1e15) <> coalesce(expected_median, -1e15)
    or coalesce(actual_p95, -1e15) <> coalesce(expected_p95, -1e15)
