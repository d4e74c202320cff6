{#- Turn a wide metrics relation into KPI rows: kpi_code, period_start, is_complete_period,
    numerator, denominator, value.

    relation: name of a CTE or model with one row a period.
    period_column: its period's first day.
    complete_expression: true where the period is over; a KPI that matures later (day-30 retention)
    brings its own as `complete`.
    kpis: entries of a domain's registry, the macro <domain>_kpis, of one grain (kpis_of_grain).
    An entry names its `code` and the `grains` it has values at ('monthly', 'daily'). A sum or a
    count names `numerator` alone: its value is the same, over nothing. A ratio names `numerator`
    and `denominator`, and its value is computed here; `column` is the name of that ratio in the
    metrics model where it is not the code. A median or a percentile names `value` alone. Each
    is an expression over the columns of the metrics models. `evidence` names the tables of the
    source without any row of which the KPI is not known; the metrics model has null then. -#}
{% macro kpi_rows(relation, period_column, complete_expression, kpis) -%}
    {{ return(adapter.dispatch('kpi_rows', 'finhouse')(
        relation, period_column, complete_expression, kpis)) }}
{%- endmacro %}

{% macro default__kpi_rows(relation, period_column, complete_expression, kpis) -%}
    {% for kpi in kpis %}
    select
        {{ kpi_columns(kpi, period_column, complete_expression) }}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}

{#- One pass over the relation: Spark would plan and scan it anew for each branch of a union. -#}
{% macro spark__kpi_rows(relation, period_column, complete_expression, kpis) -%}
    select
        inline(array(
            {% for kpi in kpis -%}
            struct(
                {{ kpi_columns(kpi, period_column, complete_expression) }}
            ){{ ', ' if not loop.last }}
            {% endfor %}
        ))
    from {{ relation }}
{%- endmacro %}
