-- json_object_agg(): in the order asked for, 10 after 9; no key without a value; {} of none.
-- json_percent(): percent with one decimal, half away from zero.
with cases as (

    {% for id, place, fraction in [
        (1, 9, '0.4525'), (1, 10, '1'), (1, 2, '0'), (1, 11, 'null'), (2, 1, 'null')
    ] %}
    select
        {{ id }} as id,
        {{ place }} as place,
        cast({{ fraction }} as numeric(26, 8)) as fraction
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

texts as (

    select
        id,
        place,
        {{ json_percent('fraction') }} as percent_text
    from cases

),

computed as (

    select
        id,
        case id when 1 then '{"2": 0.0, "9": 45.3, "10": 100.0}' else '{}' end as expected,
        {{ json_object_agg('place', 'percent_text', 'place') }} as actual
    from texts
    group by id

)

select *
from computed
where actual <> expected
