{#- Nothing to do: marts and views are given their comments when they are made, and one statement a
    column costs too much for tables that only the models read. -#}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}
