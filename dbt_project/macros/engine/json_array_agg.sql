{#- The distinct values of a text expression, in order, as one JSON array of strings:
    b, a, b -> '["a","b"]'. The values must need no JSON escapes (identifiers, codes). -#}
{% macro json_array_agg(expression) -%}
    {{ return(adapter.dispatch('json_array_agg', 'finhouse')(expression)) }}
{%- endmacro %}

{% macro default__json_array_agg(expression) -%}
    '["' || string_agg(distinct {{ expression }}, '","' order by {{ expression }}) || '"]'
{%- endmacro %}

{#- Of no values at all listagg makes an empty text, where the others have null. -#}
{% macro snowflake__json_array_agg(expression) -%}
    '["' || nullif(
        listagg(distinct {{ expression }}, '","') within group (order by {{ expression }}), ''
    ) || '"]'
{%- endmacro %}

{#- Of no values at all array_join makes an empty text, where the others have null. -#}
{% macro spark__json_array_agg(expression) -%}
    '["' || nullif(array_join(array_sort(collect_set({{ expression }})), '","'), '') || '"]'
{%- endmacro %}
