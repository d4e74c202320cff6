{#- What was decided, over rows of int_bnpl_kyc_timed that were decided in a period: decided_count,
    approved_count and median_decision_hours. -#}
{% macro bnpl_kyc_measures() -%}
    cast(count(*) as bigint) as decided_count,
        {{ count_where('is_approved') }} as approved_count,
        {{ to_scale(median('decision_hours'), 8) }} as median_decision_hours
{%- endmacro %}
