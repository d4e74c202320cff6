{#- The KPI rows of the run's domains at one grain ('monthly' or 'daily'): a new domain adds itself
    to var domains and brings int_<domain>_kpis_<grain>. -#}
{% macro union_kpi_rows(grain) -%}
    {% for domain in domains() %}
    select
        '{{ domain }}' as domain,
        kpi_code,
        period_start,
        is_complete_period,
        numerator,
        denominator,
        value
    from {{ ref('int_' ~ domain ~ '_kpis_' ~ grain) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
