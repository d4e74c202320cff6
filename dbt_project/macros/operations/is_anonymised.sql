{#- Whether a key is a token that `finhouse purge` has put in the place of a person's:
    is_anonymised("'00000000-0000-8abc-8def-0123456789ab'") -> true. -#}
{% macro is_anonymised(key) -%}
    cast({{ key }} as {{ dbt.type_string() }}) like '00000000-0000-8%'
{%- endmacro %}
