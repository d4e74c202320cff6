with plans as (

    select * from {{ ref('int_bnpl_plan_outcomes') }}

),

final as (

    select
        plan_id,
        order_id,
        customer_id,
        merchant_id,
        plan_type,
        score_band,
        plan_state,
        delinquency_bucket,
        principal_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        contract_apr,
        term_months,
        installment_count,
        principal_repaid_amount,
        principal_refunded_amount,
        written_off_amount,
        outstanding_amount,
        interest_accrued_amount,
        interest_paid_amount,
        interest_receivable_amount,
        interest_ahead_amount,
        fee_due_amount,
        fee_paid_amount,
        fee_receivable_amount,
        credit_balance_amount,
        receivable_amount,
        received_amount,
        returned_amount,
        recovered_amount,
        days_past_due,
        is_active,
        is_disputed,
        is_in_default,
        is_rescheduled,
        is_first_payment_default,
        created_date,
        activated_date,
        first_due_date,
        last_due_date,
        oldest_unpaid_due_date,
        completed_date,
        written_off_date
    from plans

)

select * from final
