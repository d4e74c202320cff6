with metrics as (

    select * from {{ ref('int_microfinance_metrics_monthly') }}

),

final as (

    select
        month_start,
        due_installment_count,
        on_time_installment_count,
        due_amount,
        collected_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        principal_collected_amount,
        interest_collected_amount,
        penalty_collected_amount,
        collection_rate,
        on_time_rate,
        previous_at_risk_amount,
        cured_amount,
        cure_rate,
        written_off_loan_count,
        written_off_amount,
        average_gross_portfolio_amount,
        write_off_ratio,
        recovered_amount,
        written_off_to_date_amount,
        recovered_to_date_amount,
        recovery_rate,
        is_complete_period,
        current_due_collected_amount,
        collection_rate_current_due
    from metrics

)

select * from final
