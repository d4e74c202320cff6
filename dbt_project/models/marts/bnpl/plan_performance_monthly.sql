{%- set kpis = bnpl_credit_kpis() %}

with flows as (

    select * from {{ ref('int_bnpl_plan_flows_by_month') }}

),

final as (

    select
        month_start,
        plan_type,
        snapshot_date,
        activated_plan_count,
        active_plan_count,
        active_customer_count as customer_count,
        fell_due_installment_count,
        on_time_installment_count,
        collection_due_installment_count,
        collected_installment_count,
        first_payment_judged_plan_count,
        first_payment_default_plan_count,
        activated_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        due_amount,
        principal_repaid_amount,
        principal_refunded_amount,
        interest_accrued_amount,
        interest_paid_amount,
        fee_assessed_amount,
        fee_paid_amount,
        written_off_amount,
        recovered_amount,
        outstanding_amount,
        delinquent_1_plus_amount,
        delinquent_30_plus_amount,
        delinquent_60_plus_amount,
        delinquent_90_plus_amount,
        disputed_amount,
        default_amount,
        vintage_default_amount,
        vintage_loss_amount,
        {{ kpi_ratio(kpis, 'bnpl_on_time_installment_rate') }} as on_time_installment_rate,
        {{ kpi_ratio(kpis, 'bnpl_collection_success_rate') }} as collection_success_rate,
        {{ kpi_ratio(kpis, 'bnpl_first_payment_default_rate') }} as first_payment_default_rate,
        {%- for name, days in delinquency_thresholds() %}
        {{ kpi_ratio(kpis, 'bnpl_delinquency_' ~ name) }} as delinquency_{{ name }},
        {%- endfor %}
        {{ ratio('vintage_default_amount', 'activated_amount') }} as vintage_default_rate,
        {{ ratio('vintage_loss_amount', 'activated_amount') }} as vintage_loss_rate,
        {{ kpi_complete(kpis, 'bnpl_first_payment_default_rate') }}
            as is_first_payment_complete,
        {{ kpi_complete(kpis, 'bnpl_vintage_default_rate') }} as is_vintage_complete,
        is_complete_period
        and {{ add_days('snapshot_date', var('bnpl_collection_days')) }}
        <= {{ as_of_date('bnpl') }} as is_collection_complete,
        is_complete_period
    from flows

)

select * from final
