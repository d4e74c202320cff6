{#- Nothing to do: marts and views are given their comments when they are made, and one statement a
    column is too dear for tables nobody but the models reads. -#}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}
