-- count_where(): rows for which the condition is true; null is not; 0 over no rows.
with flags as (

    select
        1 as id,
        true as flag
    union all
    select 2, false
    union all
    select 3, cast(null as boolean)
    union all
    select 4, true

),

computed as (

    select
        2 as expected,
        {{ count_where('flag') }} as actual
    from flags

    union all

    select
        0 as expected,
        {{ count_where('flag') }} as actual
    from flags
    where id > 4

)

select *
from computed
where actual <> expected
