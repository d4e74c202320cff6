{{ config(materialized='table') }}

with loans as (

    select * from {{ ref('int_loans_enriched') }}

),

repayments as (

    select * from {{ ref('int_loan_repayments_classified') }}

),

installments as (

    select * from {{ ref('int_loan_installments_covered') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

disbursed as (

    select
        disbursed_month,
        cast(count(*) as bigint) as disbursed_loan_count,
        sum(disbursed_amount) as disbursed_amount,
        sum(processing_fee_amount) as processing_fee_amount
    from loans
    group by disbursed_month

),

fallen_due as (

    select
        {{ month_start('due_date') }} as due_month,
        cast(count(*) as bigint) as due_installment_count,
        {{ count_where('covered_date <= due_date') }} as on_time_installment_count,
        sum(due_amount) as due_amount,
        sum(collected_in_due_month_amount) as current_due_collected_amount
    from installments
    where has_fallen_due
    group by {{ month_start('due_date') }}

),

received as (

    select
        payment_month,
        sum(case when not is_recovery then principal_amount else 0 end)
            as principal_collected_amount,
        sum(case when not is_recovery then interest_amount else 0 end)
            as interest_collected_amount,
        sum(penalty_amount) as penalty_collected_amount,
        sum(case when is_recovery then amount - penalty_amount else 0 end) as recovered_amount
    from repayments
    group by payment_month

),

lost as (

    select
        {{ month_start('written_off_date') }} as written_off_month,
        cast(count(*) as bigint) as written_off_loan_count,
        sum(written_off_amount) as written_off_amount
    from loans
    where written_off_date is not null
    group by {{ month_start('written_off_date') }}

),

final as (

    select
        month_ends.month_start,
        month_ends.is_complete_period,
        coalesce(disbursed.disbursed_loan_count, 0) as disbursed_loan_count,
        coalesce(fallen_due.due_installment_count, 0) as due_installment_count,
        coalesce(fallen_due.on_time_installment_count, 0) as on_time_installment_count,
        coalesce(lost.written_off_loan_count, 0) as written_off_loan_count,
        {{ money('disbursed.disbursed_amount') }} as disbursed_amount,
        {{ money('disbursed.processing_fee_amount') }} as processing_fee_amount,
        {{ money('fallen_due.due_amount') }} as due_amount,
        {{ money('fallen_due.current_due_collected_amount') }} as current_due_collected_amount,
        {{ money('received.principal_collected_amount') }} as principal_collected_amount,
        {{ money('received.interest_collected_amount') }} as interest_collected_amount,
        {{ money('received.penalty_collected_amount') }} as penalty_collected_amount,
        {{ money('received.principal_collected_amount + received.interest_collected_amount') }}
            as collected_amount,
        {{ money('lost.written_off_amount') }} as written_off_amount,
        {{ money('received.recovered_amount') }} as recovered_amount,
        {{ money('sum(lost.written_off_amount) over (order by month_ends.month_start)') }}
            as written_off_to_date_amount,
        {{ money('sum(received.recovered_amount) over (order by month_ends.month_start)') }}
            as recovered_to_date_amount
    from month_ends
    left join disbursed
        on month_ends.month_start = disbursed.disbursed_month
    left join fallen_due
        on month_ends.month_start = fallen_due.due_month
    left join received
        on month_ends.month_start = received.payment_month
    left join lost
        on month_ends.month_start = lost.written_off_month

)

select * from final
