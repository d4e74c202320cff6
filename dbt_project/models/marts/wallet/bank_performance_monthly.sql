with bank_months as (

    select * from {{ ref('int_bank_months') }}

),

final as (

    select
        bank_code,
        bank_name,
        month_start,
        is_complete_period,
        is_in_contract,
        transaction_count,
        completed_transaction_count,
        failed_transaction_count,
        volume_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        transaction_revenue_amount,
        bank_fee_amount,
        {{ money('transaction_revenue_amount + bank_fee_amount') }} as revenue_amount,
        {{ kpi_ratio(wallet_kpis(), 'success_rate') }} as success_rate,
        survey_count,
        satisfaction_score_sum,
        {{ ratio('satisfaction_score_sum', 'survey_count') }} as satisfaction_score,
        days_to_contract_end,
        {{ is_period_over('quarter', 'month_start', as_of_date('wallet')) }} as is_complete_quarter,
        active_user_count,
        total_user_count
    from bank_months

)

select * from final
