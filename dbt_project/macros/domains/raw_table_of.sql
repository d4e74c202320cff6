{#- The raw table that an entry of a domain's `clock` reads, as a mapping with `source` and `table`:
    those in the name of its staging model, unless the entry names the `table`. -#}
{% macro raw_table_of(clock) -%}
    {%- set source, table = clock['model'].removeprefix('stg_').split('__') -%}
    {{ return({'source': source, 'table': clock.get('table', table)}) }}
{%- endmacro %}
