{#- Calendar months from one date's month to another's, across years, never wrapping:
    2024-11-30 to 2025-01-01 -> 2. -#}
{% macro months_between(earlier, later) -%}
    cast(
        (extract(year from {{ later }}) - extract(year from {{ earlier }})) * 12
        + extract(month from {{ later }}) - extract(month from {{ earlier }})
        as integer
    )
{%- endmacro %}
