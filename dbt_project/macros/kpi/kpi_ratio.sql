{#- The value of one KPI that is a ratio, over any relation with its numerator and denominator: a
    mart that splits a KPI by bank or by product takes the formula from the registry.
    kpi_ratio(wallet_kpis(), 'success_rate') is the SQL of
    completed_transaction_count / transaction_count. -#}
{% macro kpi_ratio(kpis, code) -%}
    {% set found = kpis | selectattr('code', 'equalto', code) | first %}
    {{ ratio(found.numerator, found.denominator) }}
{%- endmacro %}
