{#- The variance (n - 1) of n values from their sum and the sum of their squares, as a double; null
    of fewer than two. Of 1, 2, 6, that is n 3, sum 9 and squares 41, it is 7. Values that occur 0
    times need no row: a day without demand counts in n alone. -#}
{% macro sample_variance(n, total, squares) -%}
    case
        when {{ n }} > 1
            then greatest(
                cast({{ n }} as {{ type_double() }}) * cast({{ squares }} as {{ type_double() }})
                - cast({{ total }} as {{ type_double() }})
                * cast({{ total }} as {{ type_double() }}),
                0e0
            ) / (cast({{ n }} as {{ type_double() }}) * ({{ n }} - 1))
    end
{%- endmacro %}
