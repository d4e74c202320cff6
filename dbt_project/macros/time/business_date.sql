{#- The business day of a naive UTC timestamp in a domain's time zone:
    business_date('2026-06-30 22:30', 'wallet') -> 2026-07-01. -#}
{% macro business_date(column, domain) -%}
    cast({{ local_timestamp(column, domain) }} as date)
{%- endmacro %}
