{#- KPI code -> column, for the monthly KPIs of a domain that a wide model shows: a column with the
    KPI's code, or with the name it has in the metrics model. Read from the manifest, which has the
    registry as meta of int_<domain>_kpis_monthly; empty while dbt parses.

    Raises an error where the model shows none: a comparison of nothing proves nothing. -#}
{% macro kpi_columns_of_model(model_name, domain) -%}
    {% set found = {} %}
    {% if execute %}
        {% set declared = graph.nodes['model.finhouse.' ~ model_name].columns %}
        {% set registry = graph.nodes['model.finhouse.int_' ~ domain ~ '_kpis_monthly'] %}
        {% for kpi in registry.config.meta.kpis %}
            {% set in_metrics = kpi.code if kpi.denominator else kpi.value | default(kpi.numerator) %}
            {% for column in [kpi.code, kpi.column | default(in_metrics)] if column in declared %}
                {% if loop.first %}
                    {% do found.update({kpi.code: column}) %}
                {% endif %}
            {% endfor %}
        {% endfor %}
        {% if not found %}
            {{ exceptions.raise_compiler_error(
                model_name ~ ' shows no monthly KPI of ' ~ domain
                ~ ': name its columns by KPI code, or drop the test') }}
        {% endif %}
    {% endif %}
    {{ return(found) }}
{%- endmacro %}
