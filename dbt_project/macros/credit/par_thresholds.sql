{#- The days past due above which a portfolio at risk is reported: PAR 1 to PAR 90. -#}
{% macro par_thresholds() -%}
    {{ return([1, 7, 30, 60, 90]) }}
{%- endmacro %}
