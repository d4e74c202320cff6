with metrics as (

    select * from {{ ref('int_wallet_metrics_monthly') }}

),

final as (

    {{ kpi_rows('metrics', 'month_start', 'is_complete_period', [
        {'code': 'monthly_transaction_volume', 'numerator': 'completed_amount'},
        {'code': 'mau', 'numerator': 'mau'},
        {'code': 'user_growth_rate', 'value': 'user_growth_rate',
            'numerator': 'mau_change', 'denominator': 'complete_previous_mau'},
        {'code': 'stickiness', 'value': 'stickiness',
            'numerator': 'daily_active_user_sum', 'denominator': 'mau * day_count'},
        {'code': 'churn_rate', 'value': 'churn_rate',
            'numerator': 'churned_user_count', 'denominator': 'complete_previous_mau'},
        {'code': 'activation_rate', 'value': 'activation_rate',
            'numerator': 'activated_user_count', 'denominator': 'activation_due_user_count',
            'complete': 'is_complete_period and activation_due_user_count = new_user_count'},
        {'code': 'retention_d1', 'value': 'retention_d1',
            'numerator': 'retention_d1_retained_count',
            'denominator': 'retention_d1_eligible_count',
            'complete': 'is_complete_period and retention_d1_eligible_count = new_user_count'},
        {'code': 'retention_d7', 'value': 'retention_d7',
            'numerator': 'retention_d7_retained_count',
            'denominator': 'retention_d7_eligible_count',
            'complete': 'is_complete_period and retention_d7_eligible_count = new_user_count'},
        {'code': 'retention_d30', 'value': 'retention_d30',
            'numerator': 'retention_d30_retained_count',
            'denominator': 'retention_d30_eligible_count',
            'complete': 'is_complete_period and retention_d30_eligible_count = new_user_count'},
        {'code': 'referral_signup_share', 'value': 'referral_signup_share',
            'numerator': 'referred_user_count', 'denominator': 'new_user_count'},
        {'code': 'transactions_per_user', 'value': 'transactions_per_user',
            'numerator': 'transaction_count', 'denominator': 'mau'},
        {'code': 'avg_completed_transaction_amount', 'value': 'avg_completed_transaction_amount',
            'numerator': 'completed_amount', 'denominator': 'completed_transaction_count'},
        {'code': 'median_completed_transaction_amount',
            'value': 'median_completed_transaction_amount'},
        {'code': 'revenue_total', 'numerator': 'revenue_total_amount'},
        {'code': 'mrr', 'numerator': 'revenue_amount'},
        {'code': 'rpu', 'value': 'rpu', 'numerator': 'revenue_amount', 'denominator': 'mau'},
        {'code': 'ltv', 'value': 'ltv',
            'numerator': 'lifetime_revenue_amount', 'denominator': 'mau'},
        {'code': 'ltv_observed', 'value': 'ltv_observed',
            'numerator': 'ltv_observed_numerator', 'denominator': 'ltv_observed_denominator'},
        {'code': 'cac', 'value': 'cac',
            'numerator': 'marketing_spend_amount', 'denominator': 'new_user_count'},
        {'code': 'ltv_cac_ratio', 'value': 'ltv_cac_ratio',
            'numerator': 'ltv_cac_numerator', 'denominator': 'ltv_cac_denominator'},
        {'code': 'gross_margin_rate', 'value': 'gross_margin_rate',
            'numerator': 'gross_profit_amount', 'denominator': 'revenue_amount'},
        {'code': 'burn_rate', 'numerator': 'burn_amount'},
    ] + wallet_operational_kpis()) }}

)

select * from final
