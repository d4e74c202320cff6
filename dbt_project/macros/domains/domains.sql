{#- Names of the domains that this run is for, in the order of var domains: those that
    FINHOUSE_DOMAINS lists, separated by commas, or all where it is empty. -#}
{% macro domains() -%}
    {%- set selection = env_var('FINHOUSE_DOMAINS', '') -%}
    {%- set selected = [] -%}
    {%- for domain in var('domains') -%}
        {%- if not selection or domain in selection.split(',') -%}
            {%- do selected.append(domain) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not selected -%}
        {{ exceptions.raise_compiler_error(
            'FINHOUSE_DOMAINS is ' ~ selection ~ ', which names no domain: choose from '
            ~ var('domains') | join(', ')
        ) }}
    {%- endif -%}
    {{ return(selected) }}
{%- endmacro %}
