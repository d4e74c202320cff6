{#- The KPIs of the credit that pay-later gives, as kpi_rows describes them; those of what it sells,
    settles and owes are in bnpl_business_kpis.

    What a month's plans come to is known when none of them is undecided any more, and what became
    of its instalments when the days are over within which they count as collected. -#}
{% macro bnpl_credit_kpis() -%}
    {% set both = ['monthly', 'daily'] %}
    {% set monthly = ['monthly'] %}
    {% set delinquency = [] %}
    {% for name, days in delinquency_thresholds() %}
        {% do delinquency.append({'code': 'bnpl_delinquency_' ~ name, 'grains': monthly,
            'numerator': 'delinquent_' ~ name ~ '_amount', 'denominator': 'outstanding_amount'}) %}
    {% endfor %}
    {{ return([
        {'code': 'bnpl_approval_rate', 'grains': both,
            'numerator': 'approved_assessment_count',
            'denominator': 'decided_assessment_count'},
        {'code': 'bnpl_activated_plans', 'grains': both, 'numerator': 'activated_plan_count'},
        {'code': 'bnpl_activated_amount', 'grains': both, 'numerator': 'activated_amount'},
        {'code': 'bnpl_active_plans', 'grains': both, 'numerator': 'active_plan_count'},
        {'code': 'bnpl_outstanding', 'grains': both, 'numerator': 'outstanding_amount'},
        {'code': 'bnpl_receivables', 'grains': both, 'numerator': 'receivable_amount'},
        {'code': 'bnpl_credit_utilisation', 'grains': monthly,
            'numerator': 'limit_used_amount', 'denominator': 'credit_limit_amount'},
    ] + delinquency + [
        {'code': 'bnpl_disputed_share', 'grains': monthly,
            'numerator': 'disputed_amount', 'denominator': 'outstanding_amount'},
        {'code': 'bnpl_default_rate', 'grains': monthly,
            'numerator': 'credit_default_amount',
            'denominator': 'credit_activated_to_date_amount'},
        {'code': 'bnpl_vintage_default_rate', 'grains': monthly,
            'numerator': 'credit_vintage_default_amount',
            'denominator': 'credit_activated_amount',
            'complete': 'is_complete_period and undecided_plan_count = 0'},
        {'code': 'bnpl_first_payment_default_rate', 'grains': monthly,
            'numerator': 'first_payment_default_plan_count',
            'denominator': 'first_payment_judged_plan_count',
            'complete': 'is_complete_period and first_payment_open_plan_count = 0'},
        {'code': 'bnpl_vintage_loss_rate', 'grains': monthly,
            'numerator': 'credit_vintage_loss_amount', 'denominator': 'credit_activated_amount',
            'complete': 'is_complete_period and undecided_plan_count = 0'},
        {'code': 'bnpl_net_charge_off_rate', 'grains': monthly,
            'numerator': 'annualised_net_charge_off_amount',
            'denominator': 'complete_average_receivable_amount'},
        {'code': 'bnpl_on_time_installment_rate', 'grains': monthly,
            'numerator': 'on_time_installment_count', 'denominator': 'fell_due_installment_count'},
        {'code': 'bnpl_collection_success_rate', 'grains': monthly,
            'numerator': 'collected_installment_count',
            'denominator': 'collection_due_installment_count',
            'complete': 'is_collection_over'},
        {'code': 'bnpl_payment_success_rate', 'grains': both,
            'numerator': 'successful_attempt_count', 'denominator': 'resolved_attempt_count'},
        {'code': 'bnpl_take_rate', 'grains': monthly,
            'numerator': 'income_amount', 'denominator': 'gmv_amount'},
        {'code': 'bnpl_vintage_take_rate', 'grains': monthly,
            'numerator': 'vintage_income_amount', 'denominator': 'activated_amount',
            'complete': 'is_complete_period and undecided_plan_count = 0'},
    ]) }}
{%- endmacro %}
