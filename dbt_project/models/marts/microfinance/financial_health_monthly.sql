with metrics as (

    select * from {{ ref('int_microfinance_metrics_monthly') }}

),

final as (

    select
        month_start,
        snapshot_date,
        customer_count,
        new_customer_count,
        account_count,
        opened_account_count,
        active_account_count,
        customer_active_account_count,
        transaction_count,
        credit_amount,
        debit_amount,
        deposit_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        active_loan_count,
        active_borrower_count,
        gross_portfolio_amount,
        average_gross_portfolio_amount,
        par_1,
        par_7,
        par_30,
        par_60,
        par_90,
        par_30_with_restructured,
        restructured_share,
        npl_amount,
        npl_ratio,
        provision_amount,
        collateral_value_amount,
        collateral_coverage_ratio,
        top10_borrower_amount,
        top10_borrower_share,
        product_hhi,
        loan_to_deposit_ratio,
        expected_inflow_amount,
        maturing_investment_amount,
        deposit_outflow_amount,
        expected_outflow_amount,
        liquidity_coverage_ratio,
        investment_aum_amount,
        investment_roi,
        interest_collected_amount,
        penalty_collected_amount,
        processing_fee_amount,
        loan_income_amount,
        portfolio_yield,
        deposit_interest_amount,
        investment_earnings_amount,
        interest_expense_amount,
        net_interest_margin,
        account_fee_amount,
        operating_revenue_amount,
        operating_cost_amount,
        provision_expense_amount,
        operating_expense_amount,
        operational_self_sufficiency,
        payment_count,
        successful_payment_count,
        payment_success_rate,
        is_complete_period
    from metrics

)

select * from final
