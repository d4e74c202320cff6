{#- Fails for each row for which `<column_name> <expression>` (on a model: `expression`) is not
    true; null passes. -#}
{% test expression_is_true(model, expression, column_name=none) %}
    {{ return(adapter.dispatch('test_expression_is_true', 'dbt_utils')(
        model, expression, column_name)) }}
{% endtest %}

{% macro default__test_expression_is_true(model, expression, column_name=none) %}
    {%- set selected = '*' if should_store_failures() else '1' %}
    select {{ selected }}
    from {{ model }}
    where not ({{ column_name or '' }} {{ expression }})
{% endmacro %}
