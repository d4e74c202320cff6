with attempts as (

    select * from {{ ref('int_bnpl_payment_attempts') }}

),

measures as (

    select
        initiated_date as date_day,
        payment_method,
        attempt_number,
        cast(count(*) as bigint) as attempt_count,
        cast(count(distinct customer_id) as bigint) as customer_count,
        {{ count_where('is_resolved') }} as resolved_attempt_count,
        {{ count_where('is_success') }} as successful_attempt_count,
        {{ count_where("attempt_status = 'FAILED'") }} as failed_attempt_count,
        {{ count_where("attempt_status = 'PENDING'") }} as pending_attempt_count,
        {{ money('sum(amount)') }} as attempted_amount,
        {{ money('sum(case when is_success then amount end)') }} as successful_amount
    from attempts
    group by initiated_date, payment_method, attempt_number

),

final as (

    select
        date_day,
        payment_method,
        attempt_number,
        {{ month_start('date_day') }} as month_start,
        attempt_count,
        customer_count,
        resolved_attempt_count,
        successful_attempt_count,
        failed_attempt_count,
        pending_attempt_count,
        attempted_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        successful_amount,
        {{ kpi_ratio(bnpl_credit_kpis(), 'bnpl_payment_success_rate') }} as payment_success_rate
    from measures

)

select * from final
