{#- The KPIs of pay-later, by day and by month, as kpi_rows describes them. -#}
{% macro bnpl_kpis() -%}
    {{ return(bnpl_business_kpis() + bnpl_credit_kpis()) }}
{%- endmacro %}
