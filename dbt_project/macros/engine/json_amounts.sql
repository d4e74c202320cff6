{#- Amounts by name as the text of a JSON object, null where one is null:
    json_amounts({'low': '1.5', 'high': 'null'}) -> {"low": 1.50, "high": null}. -#}
{% macro json_amounts(amounts) -%}
    {%- set parts = [] -%}
    {%- for name, amount in amounts.items() -%}
        {%- set opening = '{' if loop.first else ', ' -%}
        {%- do parts.append("'" ~ opening ~ '"' ~ name ~ '": ' ~ "'") -%}
        {%- do parts.append(
            "coalesce(cast(cast(" ~ amount ~ " as numeric(20, 2)) as " ~ dbt.type_string()
            ~ "), 'null')"
        ) -%}
    {%- endfor -%}
    {{ dbt.concat(parts + ["'}'"]) }}
{%- endmacro %}
