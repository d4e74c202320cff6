{#- numerator / denominator as numeric(26, 8); null where the denominator is 0 or null, never 0,
    in every KPI. The division runs in doubles and is rounded before the cast, so that every
    engine gives the same digits: ratio(1, 512) -> 0.00195313, ratio(1, 0) -> null. -#}
{% macro ratio(numerator, denominator) -%}
    {{ to_scale(
        "cast(" ~ numerator ~ " as " ~ type_double() ~ ") / nullif(cast("
        ~ denominator ~ " as " ~ type_double() ~ "), 0)", 8) }}
{%- endmacro %}
