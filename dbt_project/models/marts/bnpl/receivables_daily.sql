with receivables as (

    select * from {{ ref('int_bnpl_receivables_by_day') }}

),

final as (

    select
        date_day,
        plan_type,
        month_start,
        active_plan_count,
        active_customer_count as customer_count,
        principal_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        principal_repaid_amount,
        principal_refunded_amount,
        written_off_amount,
        recovered_amount,
        outstanding_amount,
        interest_receivable_amount,
        interest_ahead_amount,
        fee_receivable_amount,
        credit_balance_amount,
        receivable_amount,
        date_day = max(date_day) over (partition by plan_type) as is_last_day
    from receivables

)

select * from final
