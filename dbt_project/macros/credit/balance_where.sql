{#- The outstanding principal of the active loans or plans of which a condition is true, as money;
    0.00 where there are none: balance_where('days_past_due >= 90'). For a select list over
    statuses, with is_active and outstanding_amount. -#}
{% macro balance_where(condition='true') -%}
    {{ money('sum(case when is_active and (' ~ condition ~ ') then outstanding_amount end)') }}
{%- endmacro %}
