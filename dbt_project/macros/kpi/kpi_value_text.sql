{#- A KPI value as a viewer reads it, by its unit: 16,977,956 ZAR, 11.67 %, 7,957, 818 ms, 3.54.
    Amounts of a thousand and more are shown without cents. Null for null. -#}
{% macro kpi_value_text(value, unit, currency_code) -%}
    case
        when {{ unit }} = 'currency' and abs({{ value }}) >= 1000
            then {{ dbt.concat([number_text(value, 0), "' '", currency_code]) }}
        when {{ unit }} = 'currency'
            then {{ dbt.concat([number_text(value, 2), "' '", currency_code]) }}
        when {{ unit }} = 'rate'
            then {{ dbt.concat([number_text('100 * ' ~ value, 2), "' %'"]) }}
        when {{ unit }} = 'count' then {{ number_text(value, 0) }}
        when {{ unit }} = 'ms'
            then {{ dbt.concat([number_text(value, 0), "' ms'"]) }}
        else {{ number_text(value, 2) }}
    end
{%- endmacro %}
