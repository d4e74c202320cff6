{#- The marts with the data class that each declares, by default internal: a list of {mart_name,
    data_class}. A mart with a personal column is personal as a whole. Empty while dbt parses. -#}
{% macro mart_data_classes() -%}
    {%- set marts = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | sort(attribute='unique_id') -%}
            {%- if node.resource_type == 'model' and 'marts' in node.fqn -%}
                {%- set found = {'data_class': (node.config.meta or {}).get('data_class', 'internal')} -%}
                {%- for column in node.columns.values() -%}
                    {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
                    {%- if meta.get('data_class') == 'personal' -%}
                        {%- do found.update({'data_class': 'personal'}) -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- do marts.append({'mart_name': node.name, 'data_class': found.data_class}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(marts) }}
{%- endmacro %}
