{#- On a model with value, numerator and denominator (any of them null): a row fails if
    - its denominator is zero and its value is not null (a ratio over nothing is unknown), or
    - it has both parts and its value is null, or differs from numerator / denominator by more than
      0.000001 of it, beyond the 0.00000001 to which values are stored, or
    - it has a numerator over nothing (a sum, a count) and its value is another number. -#}
{% test kpi_value_is_ratio(model) %}

with kpi_values as (

    select
        value,
        numerator,
        denominator,
        cast(numerator as {{ type_double() }})
        / nullif(cast(denominator as {{ type_double() }}), 0) as expected_value
    from {{ model }}

)

select *
from kpi_values
where
    (denominator = 0 and value is not null)
    or (expected_value is not null and value is null)
    or abs(cast(value as {{ type_double() }}) - expected_value)
    > 0.000001 * abs(expected_value) + 0.00000001
    or (denominator is null and numerator is not null and value <> numerator)

{% endtest %}
