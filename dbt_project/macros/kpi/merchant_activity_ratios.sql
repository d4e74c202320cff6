{#- The ratios over merchant_activity_measures, whatever the period. -#}
{% macro merchant_activity_ratios() -%}
    {{ ratio('failed_count', '(success_count + failed_count)') }} as failure_rate,
        {{ ratio('kyc_upgraded_merchant_count', 'kyc_submitted_merchant_count') }}
            as kyc_completion_rate
{%- endmacro %}
