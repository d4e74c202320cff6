{#- Names of the domains that this run is for, in the order of var domains: those that
    FINHOUSE_DOMAINS lists, separated by commas, or all where it is not set. -#}
{% macro domains() -%}
    {%- set names = env_var('FINHOUSE_DOMAINS', var('domains') | join(',')).split(',') -%}
    {%- set selected = [] -%}
    {%- for domain in var('domains') -%}
        {%- if domain in names -%}
            {%- do selected.append(domain) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not selected -%}
        {{ exceptions.raise_compiler_error(
            'FINHOUSE_DOMAINS names no domain that is declared: choose from '
            ~ var('domains') | join(', ')
        ) }}
    {%- endif -%}
    {{ return(selected) }}
{%- endmacro %}
