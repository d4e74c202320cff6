{{ config(materialized='table') }}

with flows as (

    select * from {{ ref('int_bnpl_plan_flows_by_month') }}

),

assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

credit_use as (

    select * from {{ ref('int_bnpl_credit_use_by_month') }}

),

attempts as (

    select * from {{ ref('int_bnpl_payment_attempts') }}

),

month_ends as (

    select * from {{ ref('int_bnpl_month_ends') }}

),

summed as (

    select
        {%- for counted in [
            'activated_plan_count', 'active_plan_count', 'disputed_plan_count',
            'fell_due_installment_count', 'on_time_installment_count',
            'collection_due_installment_count', 'collected_installment_count',
            'first_payment_judged_plan_count', 'first_payment_default_plan_count',
            'first_payment_open_plan_count', 'undecided_plan_count',
        ] %}
        cast(sum({{ counted }}) as bigint) as {{ counted }},
        {%- endfor %}
        {%- for amount in [
            'activated_amount', 'principal_repaid_amount', 'interest_accrued_amount',
            'fee_assessed_amount', 'written_off_amount', 'recovered_amount', 'due_amount',
            'outstanding_amount', 'delinquent_1_plus_amount', 'delinquent_30_plus_amount',
            'delinquent_60_plus_amount', 'delinquent_90_plus_amount', 'disputed_amount',
            'receivable_at_start_amount', 'receivable_at_end_amount', 'vintage_income_amount',
        ] %}
        sum({{ amount }}) as {{ amount }},
        {%- endfor %}
        -- What is paid in full at checkout is no credit, and cannot default.
        {%- for amount in [
            'activated_amount', 'activated_to_date_amount', 'default_amount',
            'vintage_default_amount', 'vintage_loss_amount',
        ] %}
        sum(case when plan_type <> 'PAY_IN_FULL' then {{ amount }} else 0 end)
            as credit_{{ amount }},
        {%- endfor %}
        month_start
    from flows
    group by month_start

),

assessed as (

    select
        {{ month_start('assessed_date') }} as month_start,
        {{ count_where('is_decided') }} as decided_assessment_count,
        {{ count_where("decision = 'APPROVED'") }} as approved_assessment_count
    from assessments
    group by {{ month_start('assessed_date') }}

),

attempted as (

    select
        {{ month_start('initiated_date') }} as month_start,
        {{ count_where('is_resolved') }} as resolved_attempt_count,
        {{ count_where('is_success') }} as successful_attempt_count
    from attempts
    group by {{ month_start('initiated_date') }}

),

final as (

    select
        month_ends.month_start,
        {%- for counted in [
            'summed.activated_plan_count', 'summed.active_plan_count',
            'summed.disputed_plan_count', 'summed.fell_due_installment_count',
            'summed.on_time_installment_count', 'summed.collection_due_installment_count',
            'summed.collected_installment_count', 'summed.first_payment_judged_plan_count',
            'summed.first_payment_default_plan_count', 'summed.first_payment_open_plan_count',
            'summed.undecided_plan_count', 'assessed.decided_assessment_count',
            'assessed.approved_assessment_count', 'attempted.resolved_attempt_count',
            'attempted.successful_attempt_count',
        ] %}
        coalesce({{ counted }}, 0) as {{ counted.split('.')[1] }},
        {%- endfor %}
        {%- for amount in [
            'activated_amount', 'principal_repaid_amount', 'interest_accrued_amount',
            'fee_assessed_amount', 'written_off_amount', 'recovered_amount', 'due_amount',
            'outstanding_amount', 'delinquent_1_plus_amount', 'delinquent_30_plus_amount',
            'delinquent_60_plus_amount', 'delinquent_90_plus_amount', 'disputed_amount',
            'receivable_at_end_amount', 'credit_activated_amount',
            'credit_activated_to_date_amount', 'credit_default_amount',
            'credit_vintage_default_amount', 'credit_vintage_loss_amount',
            'vintage_income_amount',
        ] %}
        {{ money('summed.' ~ amount) }} as {{ amount }},
        {%- endfor %}
        -- Half a cent goes up on every engine; a division may be of doubles.
        {{ to_scale('coalesce(summed.receivable_at_start_amount + summed.receivable_at_end_amount,'
            ~ ' 0) / 2', 2) }} as average_receivable_amount,
        {{ money('credit_use.credit_limit_amount') }} as credit_limit_amount,
        {{ money('credit_use.limit_used_amount') }} as limit_used_amount,
        -- A year's rate speaks of whole months only.
        cast(
            case
                when month_ends.is_complete_period
                    then 12 * coalesce(summed.written_off_amount - summed.recovered_amount, 0)
            end as numeric(20, 2)
        ) as annualised_net_charge_off_amount,
        {{ to_scale('case when month_ends.is_complete_period then'
            ~ ' coalesce(summed.receivable_at_start_amount + summed.receivable_at_end_amount, 0) / 2'
            ~ ' end', 2) }} as complete_average_receivable_amount,
        month_ends.is_complete_period
        and {{ add_days('month_ends.snapshot_date', var('bnpl_collection_days')) }}
        <= {{ as_of_date('bnpl') }} as is_collection_over
    from month_ends
    left join summed
        on month_ends.month_start = summed.month_start
    left join assessed
        on month_ends.month_start = assessed.month_start
    left join attempted
        on month_ends.month_start = attempted.month_start
    left join credit_use
        on month_ends.month_start = credit_use.month_start

)

select * from final
