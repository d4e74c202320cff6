{#- Run SQL statements one after another on the target's connection; the first that fails ends it.
    The bridge's way to an engine: dbt run-operation run_statements --args '{statements: [...]}'. -#}
{% macro run_statements(statements) -%}
    {%- for sql in statements -%}
        {#- Not run_query: a Thrift server has no result to fetch from a statement of DDL. -#}
        {%- call statement(auto_begin=False) -%}
            {{ sql }}
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
