{#- The pattern of a demand from its two figures: smooth, erratic, intermittent or lumpy; none where
    nothing is demanded.

    interval: mean number of periods from one with demand to the next (ADI).
    variation: squared coefficient of variation of the demand of periods that have any; null, as of a
    single one, counts as 0.

    Cut-offs 1.32 and 0.49: Syntetos, Boylan and Croston (2005), On the categorization of demand
    patterns. -#}
{% macro demand_pattern(interval, variation) -%}
    case
        when {{ interval }} is null then 'none'
        when {{ interval }} < 1.32 and coalesce({{ variation }}, 0) < 0.49 then 'smooth'
        when {{ interval }} < 1.32 then 'erratic'
        when coalesce({{ variation }}, 0) < 0.49 then 'intermittent'
        else 'lumpy'
    end
{%- endmacro %}
