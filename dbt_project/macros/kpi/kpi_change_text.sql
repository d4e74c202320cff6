{#- The change from one KPI value to another as a viewer reads it: of a rate in percentage points, of
    all else in percent of the earlier value. 11.67 % after 10.42 % -> +1.25 points; 80 after 100
    -> -20.0 %. Null where either is null, and in percent of nothing. -#}
{% macro kpi_change_text(value, earlier, unit) -%}
    {%- set points = '100 * (' ~ value ~ ' - ' ~ earlier ~ ')' -%}
    {%- set percent = '100 * ' ~ ratio('(' ~ value ~ ' - ' ~ earlier ~ ')', 'abs(' ~ earlier ~ ')') -%}
    {{ dbt.concat([
        'case when ' ~ value ~ ' > ' ~ earlier ~ " then '+' else '' end",
        'case when ' ~ unit ~ " = 'rate' then " ~ number_text(points, 2)
        ~ ' else ' ~ number_text(percent, 1) ~ ' end',
        'case when ' ~ unit ~ " = 'rate' then ' points' else ' %' end",
    ]) }}
{%- endmacro %}
