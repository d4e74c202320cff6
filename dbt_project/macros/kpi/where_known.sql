{#- A measure of a type where its source has a row, ever; else null. What no table has a row of is
    unknown, not zero.

    evidence: true where the source has one; null counts as false. -#}
{% macro where_known(evidence, expression, type) -%}
    cast(case when {{ evidence }} then {{ expression }} end as {{ type }})
{%- endmacro %}
