-- json_array_agg(): each value once, in order; null over no rows.
with batches as (

    select
        1 as id,
        'b' as batch_id
    union all
    select 1, 'a'
    union all
    select 1, 'b'
    union all
    select 1, 'c'
    union all
    select 2, 'z'

),

computed as (

    select
        id,
        case id when 1 then '["a","b","c"]' else '["z"]' end as expected,
        {{ json_array_agg('batch_id') }} as actual
    from batches
    group by id

    union all

    select
        3 as id,
        'nothing' as expected,
        coalesce({{ json_array_agg('batch_id') }}, 'nothing') as actual
    from batches
    where id = 3

)

select *
from computed
where actual <> expected
