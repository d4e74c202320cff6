{#- The measures of a set of loans at one month end (columns of loan_statuses_by_month_end): gross
    portfolio; what of it is more than so many days past due; what is restructured and not yet
    rehabilitated; and what is non-performing, by its days in arrears. Loans paid off or written off
    have nothing outstanding and are in none of them. -#}
{% macro portfolio_measures() -%}
    {{ count_where('is_active') }} as active_loan_count,
        {{ balance_where() }} as gross_portfolio_amount,
        {%- for days in par_thresholds() %}
        {{ balance_where(is_at_risk('days_past_due', days)) }} as par_{{ days }}_amount,
        {%- endfor %}
        {{ balance_where(is_at_risk('days_past_due') ~ ' or is_awaiting_rehabilitation') }}
            as par_30_with_restructured_amount,
        {{ balance_where('is_awaiting_rehabilitation') }} as restructured_amount,
        {{ balance_where('arrears_days >= 90') }} as npl_amount
{%- endmacro %}
