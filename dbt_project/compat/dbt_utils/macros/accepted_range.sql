{#- Fails for each row whose value lies outside min_value and max_value (either may be left out);
    nulls pass. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
    {{ return(adapter.dispatch('test_accepted_range', 'dbt_utils')(
        model, column_name, min_value, max_value, inclusive)) }}
{% endtest %}

{% macro default__test_accepted_range(
    model, column_name, min_value=none, max_value=none, inclusive=true
) %}
    {%- set or_equal = '=' if inclusive else '' %}
    select *
    from {{ model }}
    where
        false
        {% if min_value is not none %}
        or not {{ column_name }} >{{ or_equal }} {{ min_value }}
        {% endif %}
        {% if max_value is not none %}
        or not {{ column_name }} <{{ or_equal }} {{ max_value }}
        {% endif %}
{% endmacro %}
