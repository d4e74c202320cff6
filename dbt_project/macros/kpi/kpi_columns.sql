{#- The columns of one KPI row, as kpi_rows has them, from a relation with one row a period.

    kpi: an entry of a domain's registry; see kpi_rows.
    period_column, complete_expression: as for kpi_rows. -#}
{% macro kpi_columns(kpi, period_column, complete_expression) -%}
    '{{ kpi.code }}' as kpi_code,
    {{ period_column }} as period_start,
    {{ kpi.complete | default(complete_expression) }} as is_complete_period,
    cast({{ kpi.numerator | default('null') }} as numeric(26, 8)) as numerator,
    cast({{ kpi.denominator | default('null') }} as numeric(26, 8)) as denominator,
    {% if kpi.denominator -%}
    {{ ratio(kpi.numerator, kpi.denominator) }} as value
    {%- else -%}
    cast({{ kpi.value | default(kpi.numerator) }} as numeric(26, 8)) as value
    {%- endif %}
{%- endmacro %}
