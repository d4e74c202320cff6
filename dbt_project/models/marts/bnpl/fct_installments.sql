with installments as (

    select * from {{ ref('int_bnpl_installments_covered') }}

),

plans as (

    select * from {{ ref('int_bnpl_plan_outcomes') }}

),

final as (

    select
        installments.installment_id,
        installments.plan_id,
        installments.customer_id,
        installments.plan_type,
        installments.schedule_version,
        installments.installment_number,
        case
            when not installments.is_in_force then 'SUPERSEDED'
            when installments.is_cut then 'CANCELLED'
            when installments.covered_date is not null then 'PAID'
            when plans.written_off_date is not null then 'WRITTEN_OFF'
            when installments.due_date < {{ as_of_date('bnpl') }} then 'OVERDUE'
            else 'UPCOMING'
        end as installment_state,
        installments.principal_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        installments.interest_amount,
        installments.fee_due_amount,
        installments.cut_amount,
        installments.due_amount,
        installments.paid_amount,
        installments.fee_paid_amount,
        installments.interest_paid_amount,
        installments.principal_paid_amount,
        case
            when installments.covered_date is not null
                then {{ days_between('installments.due_date', 'installments.covered_date') }}
        end as days_after_due_date,
        installments.is_in_force,
        installments.has_fallen_due,
        installments.is_on_time,
        installments.is_collection_judged,
        installments.is_collected_in_time,
        installments.due_date,
        installments.effective_date,
        installments.superseded_date,
        installments.first_covered_date,
        installments.covered_date
    from installments
    inner join plans
        on installments.plan_id = plans.plan_id

)

select * from final
