-- quantile_class(): by the share of the others that come before; equal values alike, one row first.
with cases as (

    {% for group, value, expected in [
        ('six', 10, 1), ('six', 20, 2), ('six', 30, 3), ('six', 40, 4), ('six', 50, 5),
        ('six', 60, 5), ('ties', 1, 1), ('ties', 1, 1), ('ties', 1, 1), ('ties', 2, 4),
        ('ties', 2, 4), ('alone', 7, 1), ('same', 3, 1), ('same', 3, 1)
    ] %}
    select
        '{{ group }}' as of_group,
        {{ value }} as measure,
        {{ expected }} as expected
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

computed as (

    select
        *,
        {{ quantile_class(5, 'measure', 'of_group') }} as actual
    from cases

)

select *
from computed
where actual <> expected
