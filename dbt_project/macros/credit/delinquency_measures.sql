{#- The measures of a set of payment plans at one month end (columns of
    int_bnpl_plan_status_by_month_end): active plans and their outstanding principal; what of it is
    delinquent; what is in dispute, delinquent or not; and the principal that is in default, at
    least 90 days past due or written off. -#}
{% macro delinquency_measures() -%}
    {{ count_where('is_active') }} as active_plan_count,
        cast(count(distinct case when is_active then customer_id end) as bigint)
            as active_customer_count,
        {{ balance_where() }} as outstanding_amount,
        {%- for name, days in delinquency_thresholds() %}
        {{ balance_where('days_past_due >= ' ~ days) }} as delinquent_{{ name }}_amount,
        {%- endfor %}
        {{ count_where('is_disputed') }} as disputed_plan_count,
        {{ balance_where('is_disputed') }} as disputed_amount,
        {{ money('sum(case when is_in_default then outstanding_amount + written_off_amount end)') }}
            as default_amount
{%- endmacro %}
