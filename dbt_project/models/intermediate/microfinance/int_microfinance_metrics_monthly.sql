{{ config(materialized='table') }}

with portfolio as (

    select * from {{ ref('int_microfinance_portfolio_by_month') }}

),

flows as (

    select * from {{ ref('int_loan_flows_by_month') }}

),

accounts as (

    select * from {{ ref('int_accounts_by_month') }}

),

liquidity as (

    select * from {{ ref('int_microfinance_liquidity_by_month') }}

),

investments as (

    select * from {{ ref('int_investments_by_month_end') }}

),

operating_costs as (

    select * from {{ ref('stg_microfinance__operating_costs') }}

),

customers as (

    select * from {{ ref('stg_microfinance__users') }}

),

payments as (

    select * from {{ ref('stg_microfinance__payments') }}

),

invested as (

    select
        month_start,
        sum(aum_amount) as investment_aum_amount,
        sum(expected_return_amount) as investment_return_amount,
        sum(earnings_paid_amount) as investment_earnings_amount
    from investments
    group by month_start

),

costs as (

    select
        cost_month,
        sum(cost_amount) as operating_cost_amount
    from operating_costs
    where is_active
    group by cost_month

),

signups as (

    select
        {{ month_start('signup_date') }} as month_start,
        cast(count(*) as bigint) as new_customer_count
    from customers
    where signup_date <= {{ as_of_date('microfinance') }}
    group by {{ month_start('signup_date') }}

),

paid as (

    select
        {{ month_start('payment_date') }} as month_start,
        cast(count(*) as bigint) as payment_count,
        {{ count_where("payment_status = 'SUCCESS'") }} as successful_payment_count
    from payments
    where
        is_active
        and payment_date <= {{ as_of_date('microfinance') }}
    group by {{ month_start('payment_date') }}

),

joined as (

    select
        portfolio.month_start,
        portfolio.snapshot_date,
        portfolio.is_complete_period,
        portfolio.months_since_launch,
        portfolio.active_loan_count,
        portfolio.active_borrower_count,
        portfolio.gross_portfolio_amount,
        portfolio.par_1_amount,
        portfolio.par_7_amount,
        portfolio.par_30_amount,
        portfolio.par_60_amount,
        portfolio.par_90_amount,
        portfolio.par_30_with_restructured_amount,
        portfolio.restructured_amount,
        portfolio.npl_amount,
        portfolio.provision_amount,
        portfolio.previous_at_risk_amount,
        portfolio.cured_amount,
        portfolio.top10_borrower_amount,
        portfolio.product_weighted_amount,
        portfolio.collateral_value_amount,
        lag(portfolio.gross_portfolio_amount, 1, 0) over (
            order by portfolio.month_start
        ) as previous_gross_portfolio_amount,
        lag(portfolio.provision_amount, 1, 0) over (
            order by portfolio.month_start
        ) as previous_provision_amount,
        flows.disbursed_loan_count,
        flows.due_installment_count,
        flows.on_time_installment_count,
        flows.written_off_loan_count,
        flows.disbursed_amount,
        lag(flows.disbursed_amount) over (
            order by portfolio.month_start
        ) as previous_disbursed_amount,
        flows.processing_fee_amount,
        flows.due_amount,
        flows.current_due_collected_amount,
        flows.collected_amount,
        flows.principal_collected_amount,
        flows.interest_collected_amount,
        flows.penalty_collected_amount,
        flows.written_off_amount,
        flows.recovered_amount,
        flows.written_off_to_date_amount,
        flows.recovered_to_date_amount,
        accounts.opened_account_count,
        accounts.account_count,
        accounts.active_account_count,
        accounts.customer_active_account_count,
        accounts.transaction_count,
        accounts.credit_amount,
        accounts.debit_amount,
        accounts.deposit_amount,
        accounts.deposit_interest_amount,
        accounts.account_fee_amount,
        liquidity.expected_inflow_amount,
        liquidity.maturing_investment_amount,
        liquidity.deposit_outflow_amount,
        liquidity.expected_outflow_amount,
        {{ money('invested.investment_aum_amount') }} as investment_aum_amount,
        {{ money('invested.investment_return_amount') }} as investment_return_amount,
        {{ money('invested.investment_earnings_amount') }} as investment_earnings_amount,
        {{ accrued('costs.operating_cost_amount', 'microfinance', 'portfolio') }}
            as operating_cost_amount,
        coalesce(signups.new_customer_count, 0) as new_customer_count,
        cast(coalesce(sum(signups.new_customer_count) over (
            order by portfolio.month_start
        ), 0) as bigint) as customer_count,
        coalesce(paid.payment_count, 0) as payment_count,
        coalesce(paid.successful_payment_count, 0) as successful_payment_count
    from portfolio
    inner join flows
        on portfolio.month_start = flows.month_start
    inner join accounts
        on portfolio.month_start = accounts.month_start
    inner join liquidity
        on portfolio.month_start = liquidity.month_start
    left join invested
        on portfolio.month_start = invested.month_start
    left join costs
        on portfolio.month_start = costs.cost_month
    left join signups
        on portfolio.month_start = signups.month_start
    left join paid
        on portfolio.month_start = paid.month_start

),

amounts as (

    select
        *,
        -- Half a cent goes up on every engine; a division may be of doubles.
        {{ to_scale(
            'coalesce(gross_portfolio_amount + previous_gross_portfolio_amount, 0) / 2', 2) }}
            as average_gross_portfolio_amount,
        {{ money('interest_collected_amount + penalty_collected_amount + processing_fee_amount') }}
            as loan_income_amount,
        {{ money('deposit_interest_amount + investment_earnings_amount') }}
            as interest_expense_amount,
        -- What the month's risk cost: provisions built up, and write-offs net of recoveries.
        {{ money(
            'provision_amount - previous_provision_amount + written_off_amount - recovered_amount'
        ) }} as provision_expense_amount,
        -- Growth, yield and margins speak of whole months only.
        case when is_complete_period then disbursed_amount - previous_disbursed_amount end
            as disbursement_change_amount,
        case when is_complete_period then previous_disbursed_amount end
            as complete_previous_disbursed_amount
    from joined

),

results as (

    select
        *,
        {{ money('loan_income_amount + account_fee_amount') }} as operating_revenue_amount,
        {{ money('interest_expense_amount + provision_expense_amount + operating_cost_amount') }}
            as operating_expense_amount
    from amounts

),

bases as (

    select
        *,
        case when is_complete_period then loan_income_amount * 12 end
            as annualised_loan_income_amount,
        case
            when is_complete_period
                then (interest_collected_amount - interest_expense_amount) * 12
        end as annualised_net_interest_amount,
        case when is_complete_period then average_gross_portfolio_amount end
            as complete_average_gross_portfolio_amount,
        case when is_complete_period then operating_revenue_amount end
            as complete_operating_revenue_amount,
        case when is_complete_period then operating_expense_amount end
            as complete_operating_expense_amount
    from results

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(microfinance_kpis(), 'monthly')) }}
    from bases

)

select * from final
