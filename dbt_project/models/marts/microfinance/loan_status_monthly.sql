with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

final as (

    select
        loan_id,
        month_start,
        snapshot_date,
        customer_id,
        loan_product,
        branch_name,
        ageing_bucket,
        previous_ageing_bucket,
        loan_class,
        disbursed_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        principal_repaid_amount,
        written_off_amount,
        outstanding_amount,
        provision_amount,
        days_past_due,
        arrears_days,
        months_on_book,
        is_active,
        is_awaiting_rehabilitation,
        has_ever_been_par_30,
        is_complete_period,
        oldest_unpaid_due_date,
        disbursed_month
    from statuses

)

select * from final
