{#- Whether a KPI is complete in a period, over the metrics model of its domain and grain: what its
    entry says as `complete`, else that the period is over. A mart that splits a KPI that matures
    later takes it from here, so that no split is complete before the KPI is. -#}
{% macro kpi_complete(kpis, code) -%}
    {% set found = kpis | selectattr('code', 'equalto', code) | first %}
    {{- found.complete | default('is_complete_period') }}
{%- endmacro %}
