-- abc_class(): the row that crosses a line is of the class before it; what is not positive is C and
-- counts in no share; equal amounts in the order of the key.
with cases as (

    {% for group, name, amount, expected in [
        ('lines', 'a', 79, 'A'), ('lines', 'b', 11, 'A'), ('lines', 'c', 6, 'B'),
        ('lines', 'd', 4, 'C'), ('lines', 'e', 0, 'C'), ('lines', 'f', -500, 'C'),
        ('ties', 'a', 40, 'A'), ('ties', 'b', 40, 'A'), ('ties', 'c', 10, 'B'),
        ('ties', 'd', 10, 'B'), ('none', 'a', -1, 'C'), ('none', 'b', 0, 'C'), ('one', 'a', 5, 'A')
    ] %}
    select
        '{{ group }}' as of_group,
        '{{ name }}' as letter,
        cast({{ amount }} as numeric(22, 4)) as amount,
        '{{ expected }}' as expected
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

computed as (

    select
        *,
        {{ abc_class('amount', 'letter', 'of_group') }} as actual
    from cases

)

select *
from computed
where actual <> expected
