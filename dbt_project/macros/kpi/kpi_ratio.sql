{#- The value of one KPI that is a ratio, over any relation with its numerator and denominator: a
    mart that splits a KPI by bank or by product takes the formula from the registry.
    kpi_ratio(wallet_kpis(), 'success_rate') is the SQL of
    completed_transaction_count / transaction_count.

    relation: qualifies both parts, which are then plain columns; needed in a join. -#}
{% macro kpi_ratio(kpis, code, relation=none) -%}
    {% set found = kpis | selectattr('code', 'equalto', code) | first %}
    {% set of = relation ~ '.' if relation else '' %}
    {{ ratio(of ~ found.numerator, of ~ found.denominator) }}
{%- endmacro %}
