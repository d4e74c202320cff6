{#- The measures of a set of loans at one month end (columns of int_loan_status_by_month_end): gross
    portfolio, and what of it is more than so many days past due. Loans paid off or written off
    have nothing outstanding and are in none of them. -#}
{% macro microfinance_portfolio_measures() -%}
    {{ count_where('is_active') }} as active_loan_count,
        {{ money('sum(case when is_active then outstanding_amount end)') }}
            as gross_portfolio_amount,
        {%- for days in par_thresholds() %}
        {{ money(
            'sum(case when is_active and days_past_due > ' ~ days
            ~ ' then outstanding_amount end)') }} as par_{{ days }}_amount,
        {%- endfor %}
        {{ money(
            'sum(case when is_active and days_past_due >= 90 then outstanding_amount end)') }}
            as npl_amount
{%- endmacro %}
