{#- From which day past due on a payment plan counts in each delinquency rate: past the days of
    grace (var bnpl_grace_days) in the first one, then from 30, 60 and 90 days. Grace moves neither
    the days past due nor the other thresholds. -#}
{% macro delinquency_thresholds() -%}
    {{ return([
        ('1_plus', var('bnpl_grace_days') + 1), ('30_plus', 30), ('60_plus', 60), ('90_plus', 90)
    ]) }}
{%- endmacro %}
