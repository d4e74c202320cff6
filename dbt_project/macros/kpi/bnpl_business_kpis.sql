{#- The KPIs of what pay-later sells, settles and owes, as kpi_rows describes them; those of its
    credit are in bnpl_credit_kpis. -#}
{% macro bnpl_business_kpis() -%}
    {% set both = ['monthly', 'daily'] %}
    {% set monthly = ['monthly'] %}
    {{ return([
        {'code': 'bnpl_gmv', 'grains': both, 'numerator': 'gmv_amount'},
        {'code': 'bnpl_net_gmv', 'grains': both, 'numerator': 'net_gmv_amount'},
        {'code': 'bnpl_orders', 'grains': both, 'numerator': 'captured_order_count'},
        {'code': 'bnpl_aov', 'grains': both,
            'numerator': 'gmv_amount', 'denominator': 'captured_order_count'},
        {'code': 'bnpl_refund_rate', 'grains': monthly,
            'numerator': 'refunded_amount', 'denominator': 'gmv_amount'},
        {'code': 'bnpl_dispute_rate', 'grains': monthly,
            'numerator': 'dispute_count', 'denominator': 'captured_order_count'},
        {'code': 'bnpl_active_customers', 'grains': both, 'numerator': 'active_customer_count'},
        {'code': 'bnpl_new_customers', 'grains': both, 'numerator': 'new_customer_count'},
        {'code': 'bnpl_repeat_usage_rate', 'grains': monthly,
            'numerator': 'repeating_customer_count', 'denominator': 'active_customer_count'},
        {'code': 'bnpl_shopper_recurrence_rate', 'grains': monthly,
            'numerator': 'recurring_shopper_pair_count', 'denominator': 'shopper_pair_count'},
        {'code': 'bnpl_active_merchants', 'grains': both, 'numerator': 'active_merchant_count'},
        {'code': 'bnpl_merchant_retention_rate', 'grains': monthly,
            'numerator': 'retained_merchant_count',
            'denominator': 'previous_active_merchant_count'},
        {'code': 'bnpl_kyc_pass_rate', 'grains': monthly,
            'numerator': 'kyc_approved_count', 'denominator': 'kyc_decided_count'},
        {'code': 'bnpl_kyc_median_hours', 'grains': monthly,
            'value': 'kyc_median_decision_hours'},
        {'code': 'bnpl_kyc_pending', 'grains': monthly, 'numerator': 'kyc_pending_count'},
        {'code': 'bnpl_settled_amount', 'grains': monthly, 'numerator': 'settled_amount'},
        {'code': 'bnpl_settlement_lag_days', 'grains': monthly,
            'numerator': 'settlement_lag_days', 'denominator': 'judged_settlement_count'},
        {'code': 'bnpl_settlements_past_due', 'grains': monthly,
            'numerator': 'past_due_settlement_count'},
        {'code': 'bnpl_rewards_liability', 'grains': both,
            'numerator': 'rewards_liability_amount'},
        {'code': 'bnpl_rewards_redemption_rate', 'grains': monthly,
            'numerator': 'rewards_redeemed_amount', 'denominator': 'rewards_earned_amount'},
        {'code': 'bnpl_compliance_findings', 'grains': monthly, 'numerator': 'finding_count'},
        {'code': 'bnpl_aml_reports', 'grains': monthly, 'numerator': 'aml_report_count'},
    ]) }}
{%- endmacro %}
