{#- The business day a run speaks for, in a domain: var as_of_date if set (but no later than
    the last complete day loaded), else that day (int_domain_periods).
    A scalar subquery; null while the domain has no data. -#}
{% macro as_of_date(domain) -%}
    (select as_of_date from {{ ref('int_domain_periods') }} where domain = '{{ domain }}')
{%- endmacro %}
