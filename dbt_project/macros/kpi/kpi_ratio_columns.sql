{#- A column for each KPI that is a ratio, for a select list over a wide metrics relation: the same
    numerator and denominator as kpi_rows takes. The column bears the KPI's code, or what the entry
    names as `column`. -#}
{% macro kpi_ratio_columns(kpis) -%}
    {% for kpi in kpis if kpi.denominator %}
    {{ ratio(kpi.numerator, kpi.denominator) }} as {{ kpi.column | default(kpi.code) }}
    {{- ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}
