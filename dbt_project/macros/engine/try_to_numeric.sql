{#- Text as numeric(20, 2), or null where it is no plain decimal number: '210.8' -> 210.80,
    'INVALID' -> null. One grammar for all engines: their own try_cast differ (1e5, ' 7 '). -#}
{% macro try_to_numeric(column) -%}
    case
        when {{ matches(column, '^[+-]?[0-9]{1,18}([.][0-9]{1,10})?$') }}
            then cast({{ dbt.safe_cast(column, 'numeric(28, 10)') | trim }} as numeric(20, 2))
    end
{%- endmacro %}
