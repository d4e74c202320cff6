{#- The measures of a set of merchant activities, whatever the period they are grouped by
    (columns of int_merchant_activities_cleaned). -#}
{% macro merchant_activity_measures() -%}
    cast(count(distinct case when is_success then merchant_id end) as bigint)
            as active_merchant_count,
        {{ count_where('is_success') }} as success_count,
        {{ count_where('is_failed') }} as failed_count,
        {{ money('sum(case when is_success then amount end)') }} as success_amount,
        cast(
            count(distinct case
                when is_success and product = 'KYC' and event_type = 'DOCUMENT_SUBMITTED'
                    then merchant_id
            end) as bigint
        ) as kyc_submitted_merchant_count,
        cast(
            count(distinct case
                when is_success and product = 'KYC' and event_type = 'TIER_UPGRADE'
                    then merchant_id
            end) as bigint
        ) as kyc_upgraded_merchant_count
{%- endmacro %}
