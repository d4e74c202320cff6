{#- A value as a Spark literal: none -> null, it's -> 'it\'s'. -#}
{% macro spark_literal(value) -%}
    {%- if value is none -%}
        {{ return('null') }}
    {%- endif -%}
    {{ return("'" ~ (value | string | replace('\\', '\\\\') | replace("'", "\\'")) ~ "'") }}
{%- endmacro %}

{#- A description as a Spark comment. Hive's catalogs keep 255 characters of a column's: a longer
    one is cut after the last word that fits. -#}
{% macro spark_comment(description) -%}
    {{ return(spark_literal(description | truncate(255, false, '...', 0))) }}
{%- endmacro %}
