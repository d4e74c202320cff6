{#- One JSON object over the rows of a group, in the order of `order_by`:
    json_object_agg('age', 'value_text', 'age') -> {"1": 100.0, "2": 45.2}. Keys need no JSON
    escapes; values are JSON already. Rows without a value have no key; of none at all, {}. -#}
{% macro json_object_agg(key, value, order_by) -%}
    {%- set member -%}
        '"' || cast({{ key }} as {{ dbt.type_string() }}) || '": ' || {{ value }}
    {%- endset -%}
    '{' || coalesce(
        {{ adapter.dispatch('json_members_agg', 'finhouse')(member, order_by) }}, ''
    ) || '}'
{%- endmacro %}

{#- Texts of a group in one, separated by commas, in an order; nulls are left out. -#}
{% macro default__json_members_agg(member, order_by) -%}
    string_agg({{ member }}, ', ' order by {{ order_by }})
{%- endmacro %}

{% macro snowflake__json_members_agg(member, order_by) -%}
    listagg({{ member }}, ', ') within group (order by {{ order_by }})
{%- endmacro %}

{% macro spark__json_members_agg(member, order_by) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ order_by }} as place, {{ member }} as member))),
            pair -> pair.member
        ), ', '
    )
{%- endmacro %}
