{#- ISO 4217 code of a domain's currency: wallet -> ZAR. -#}
{% macro currency_of(domain) -%}
    {{ var('domains')[domain]['currency'] }}
{%- endmacro %}
