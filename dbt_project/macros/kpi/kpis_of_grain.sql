{#- The entries of a domain's registry that have values at a grain ('monthly' or 'daily'). -#}
{% macro kpis_of_grain(kpis, grain) -%}
    {% set found = [] %}
    {% for kpi in kpis if grain in kpi.grains %}
        {% do found.append(kpi) %}
    {% endfor %}
    {{ return(found) }}
{%- endmacro %}
