{#- The measures of a set of loans at one month end (columns of loan_statuses_by_month_end): gross
    portfolio; what of it is more than so many days past due; what is restructured and not yet
    rehabilitated; and what is non-performing, by its days in arrears. Loans paid off or written off
    have nothing outstanding and are in none of them. -#}
{% macro portfolio_measures() -%}
    {{ count_where('is_active') }} as active_loan_count,
        {{ money('sum(case when is_active then outstanding_amount end)') }}
            as gross_portfolio_amount,
        {%- for days in par_thresholds() %}
        {{ money(
            'sum(case when is_active and ' ~ is_at_risk('days_past_due', days)
            ~ ' then outstanding_amount end)') }} as par_{{ days }}_amount,
        {%- endfor %}
        {{ money(
            'sum(case when is_active and (' ~ is_at_risk('days_past_due')
            ~ ' or is_awaiting_rehabilitation) then outstanding_amount end)') }}
            as par_30_with_restructured_amount,
        {{ money('sum(case when is_awaiting_rehabilitation then outstanding_amount end)') }}
            as restructured_amount,
        {{ money(
            'sum(case when is_active and arrears_days >= 90 then outstanding_amount end)') }}
            as npl_amount
{%- endmacro %}
