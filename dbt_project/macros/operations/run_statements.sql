{#- Run SQL statements one after another on the target's connection; the first that fails ends it.
    The bridge's way to an engine: dbt run-operation run_statements --args '{statements: [...]}'. -#}
{% macro run_statements(statements) -%}
    {%- for statement in statements -%}
        {%- do run_query(statement) -%}
    {%- endfor -%}
{%- endmacro %}
