{#- Turn a wide metrics relation into KPI rows: kpi_code, period_start, is_complete_period,
    numerator, denominator, value.

    relation: name of a CTE or model with one row a period.
    period_column: its period's first day.
    complete_expression: true where the period is over; a KPI that matures later (day-30 retention)
    brings its own as `complete`.
    kpis: a list of dicts {code, value, numerator, denominator}. For a sum or a count give
    numerator alone (value is the same, over nothing); for a percentile value alone. A ratio
    names all three: the value is defined once, in the metrics model, and the test
    kpi_value_is_ratio proves that it is numerator / denominator. -#}
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
