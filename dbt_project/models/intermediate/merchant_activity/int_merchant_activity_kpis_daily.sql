with metrics as (

    select * from {{ ref('int_merchant_activity_metrics_daily') }}

),

final as (

    {{ kpi_rows('metrics', 'date_day', 'is_complete_period', [
        {'code': 'daily_active_merchants', 'numerator': 'active_merchant_count'},
        {'code': 'merchant_success_amount', 'numerator': 'success_amount'},
        {'code': 'merchant_failure_rate', 'value': 'failure_rate',
            'numerator': 'failed_count', 'denominator': 'success_count + failed_count'},
        {'code': 'kyc_completion_rate', 'value': 'kyc_completion_rate',
            'numerator': 'kyc_upgraded_merchant_count',
            'denominator': 'kyc_submitted_merchant_count'},
    ]) }}

)

select * from final
