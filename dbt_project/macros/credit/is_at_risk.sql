{#- Whether a loan is in the portfolio at risk of so many days: more than these past due, so that
    PAR 30 begins with day 31. -#}
{% macro is_at_risk(days_past_due, threshold=30) -%}
    {{ days_past_due }} > {{ threshold }}
{%- endmacro %}
