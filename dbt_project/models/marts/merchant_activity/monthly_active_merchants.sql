with metrics as (

    select * from {{ ref('int_merchant_activity_metrics_monthly') }}

),

final as (

    select
        month_start,
        is_complete_period,
        active_merchant_count,
        success_count,
        failed_count,
        success_amount,
        '{{ currency_of("merchant_activity") }}' as currency_code,
        failure_rate
    from metrics

)

select * from final
