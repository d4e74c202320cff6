{#- The Spark type of a seed's column: the declared one, else what dbt infers. -#}
{% macro spark_seed_type(model, agate_table, position) -%}
    {%- set declared = model.config.get('column_types', {})[agate_table.column_names[position]] -%}
    {%- set kind = declared or adapter.convert_type(agate_table, position) -%}
    {{ return('string' if kind in ['varchar', 'text'] else kind) }}
{%- endmacro %}
