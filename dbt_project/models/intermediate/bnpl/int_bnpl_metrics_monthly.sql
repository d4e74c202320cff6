{{ config(materialized='table') }}

with business as (

    select * from {{ ref('int_bnpl_business_by_month') }}

),

credit as (

    select * from {{ ref('int_bnpl_credit_by_month') }}

),

joined as (

    select
        business.month_start,
        business.is_complete_period,
        business.months_since_launch,
        business.captured_order_count,
        business.active_customer_count,
        business.active_merchant_count,
        business.new_customer_count,
        business.repeating_customer_count,
        business.shopper_pair_count,
        business.recurring_shopper_pair_count,
        business.previous_active_merchant_count,
        business.retained_merchant_count,
        business.dispute_count,
        business.kyc_decided_count,
        business.kyc_approved_count,
        business.kyc_pending_count,
        business.paid_settlement_count,
        business.past_due_settlement_count,
        business.judged_settlement_count,
        business.settlement_lag_days,
        business.finding_count,
        business.audit_event_count,
        business.expected_audit_event_count,
        business.aml_report_count,
        business.gmv_amount,
        business.refunded_amount,
        business.commission_amount,
        business.settled_amount,
        business.past_due_settlement_amount,
        business.rewards_earned_amount,
        business.rewards_redeemed_amount,
        business.rewards_liability_amount,
        business.kyc_median_decision_hours,
        business.net_gmv_amount,
        credit.activated_plan_count,
        credit.active_plan_count,
        credit.disputed_plan_count,
        credit.fell_due_installment_count,
        credit.on_time_installment_count,
        credit.collection_due_installment_count,
        credit.collected_installment_count,
        credit.first_payment_judged_plan_count,
        credit.first_payment_default_plan_count,
        credit.first_payment_open_plan_count,
        credit.undecided_plan_count,
        credit.decided_assessment_count,
        credit.approved_assessment_count,
        credit.resolved_attempt_count,
        credit.successful_attempt_count,
        credit.activated_amount,
        credit.principal_repaid_amount,
        credit.interest_accrued_amount,
        credit.fee_assessed_amount,
        credit.written_off_amount,
        credit.recovered_amount,
        credit.due_amount,
        credit.outstanding_amount,
        credit.delinquent_1_plus_amount,
        credit.delinquent_30_plus_amount,
        credit.delinquent_60_plus_amount,
        credit.delinquent_90_plus_amount,
        credit.disputed_amount,
        credit.credit_activated_amount,
        credit.credit_activated_to_date_amount,
        credit.credit_default_amount,
        credit.credit_vintage_default_amount,
        credit.credit_vintage_loss_amount,
        credit.vintage_income_amount,
        credit.average_receivable_amount,
        credit.credit_limit_amount,
        credit.limit_used_amount,
        credit.annualised_net_charge_off_amount,
        credit.complete_average_receivable_amount,
        credit.receivable_at_end_amount as receivable_amount,
        credit.is_collection_over,
        -- All of it accrued in the month, whenever it is paid.
        {{ money('business.commission_amount + credit.interest_accrued_amount'
            ~ ' + credit.fee_assessed_amount') }} as income_amount
    from business
    inner join credit
        on business.month_start = credit.month_start

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(bnpl_kpis(), 'monthly')) }}
    from joined

)

select * from final
