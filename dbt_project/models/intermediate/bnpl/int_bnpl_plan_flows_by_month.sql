{{ config(materialized='table') }}

{%- set flows = {
    'principal_amount': 'activated_amount',
    'principal_repaid_amount': 'principal_repaid_amount',
    'principal_refunded_amount': 'principal_refunded_amount',
    'written_off_amount': 'written_off_amount',
    'recovered_amount': 'recovered_amount',
    'interest_accrued_amount': 'interest_accrued_amount',
    'interest_paid_amount': 'interest_paid_amount',
    'fee_due_amount': 'fee_assessed_amount',
    'fee_paid_amount': 'fee_paid_amount',
    'outstanding_amount': 'outstanding_change_amount',
    'receivable_amount': 'receivable_change_amount',
} %}

with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

month_ends as (

    select * from {{ ref('int_bnpl_month_ends') }}

),

movements as (

    select * from {{ ref('int_bnpl_movements_by_day') }}

),

installments as (

    select * from {{ ref('int_bnpl_installments_covered') }}

),

first_payments as (

    select * from {{ ref('int_bnpl_first_payments_judged') }}

),

statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

plan_types as (

    select distinct plan_type
    from plans
    where is_activated

),

activated as (

    select
        activated_month as month_start,
        plan_type,
        cast(count(*) as bigint) as activated_plan_count
    from plans
    where is_activated
    group by activated_month, plan_type

),

moved as (

    select
        {{ month_start('date_day') }} as month_start,
        {%- for balance, flow in flows.items() %}
        sum({{ balance }}) as {{ flow }},
        {%- endfor %}
        plan_type
    from movements
    group by {{ month_start('date_day') }}, plan_type

),

fallen_due as (

    select
        {{ month_start('judged_date') }} as month_start,
        plan_type,
        cast(count(*) as bigint) as fell_due_installment_count,
        {{ count_where('is_on_time') }} as on_time_installment_count,
        {{ count_where('is_collection_judged') }} as collection_due_installment_count,
        {{ count_where('is_collected_in_time') }} as collected_installment_count,
        sum(principal_amount + interest_amount) as due_amount
    from installments
    where has_fallen_due
    group by {{ month_start('judged_date') }}, plan_type

),

first_due as (

    select
        activated_month as month_start,
        plan_type,
        {{ count_where('is_judged') }} as first_payment_judged_plan_count,
        {{ count_where('is_first_payment_default') }} as first_payment_default_plan_count,
        {{ count_where('not is_decided') }} as first_payment_open_plan_count
    from first_payments
    group by activated_month, plan_type

),

-- What has become of the plans that were activated in the month, as known on the as-of day.
latest_month as (

    select max(month_start) as month_start from month_ends

),

vintages as (

    select
        statuses.activated_month as month_start,
        statuses.plan_type,
        {{ count_where('statuses.is_active and not statuses.is_in_default') }}
            as undecided_plan_count,
        sum(
            case
                when statuses.is_in_default
                    then statuses.outstanding_amount + statuses.written_off_amount
                else 0
            end
        ) as vintage_default_amount,
        sum(statuses.written_off_amount - statuses.recovered_amount) as vintage_loss_amount,
        sum(statuses.income_to_date_amount) as vintage_income_amount
    from statuses
    inner join latest_month
        on statuses.month_start = latest_month.month_start
    group by statuses.activated_month, statuses.plan_type

),

stocks as (

    select
        month_start,
        plan_type,
        {{ delinquency_measures() }},
        sum(principal_amount) as activated_to_date_amount
    from statuses
    group by month_start, plan_type

),

final as (

    select
        month_ends.month_start,
        month_ends.snapshot_date,
        month_ends.is_complete_period,
        month_ends.months_since_launch,
        plan_types.plan_type,
        {%- for counted in [
            'activated.activated_plan_count', 'fallen_due.fell_due_installment_count',
            'fallen_due.on_time_installment_count', 'fallen_due.collection_due_installment_count',
            'fallen_due.collected_installment_count', 'first_due.first_payment_judged_plan_count',
            'first_due.first_payment_default_plan_count', 'first_due.first_payment_open_plan_count',
            'vintages.undecided_plan_count', 'stocks.active_plan_count',
            'stocks.active_customer_count', 'stocks.disputed_plan_count',
        ] %}
        coalesce({{ counted }}, 0) as {{ counted.split('.')[1] }},
        {%- endfor %}
        {%- for flow in flows.values() if not flow.endswith('_change_amount') %}
        {{ money('moved.' ~ flow) }} as {{ flow }},
        {%- endfor %}
        {{ money('fallen_due.due_amount') }} as due_amount,
        {{ money('vintages.vintage_default_amount') }} as vintage_default_amount,
        {{ money('vintages.vintage_loss_amount') }} as vintage_loss_amount,
        {{ money('vintages.vintage_income_amount') }} as vintage_income_amount,
        {{ money('stocks.outstanding_amount') }} as outstanding_amount,
        {%- for name, days in delinquency_thresholds() %}
        {{ money('stocks.delinquent_' ~ name ~ '_amount') }} as delinquent_{{ name }}_amount,
        {%- endfor %}
        {{ money('stocks.disputed_amount') }} as disputed_amount,
        {{ money('stocks.default_amount') }} as default_amount,
        {{ money('stocks.activated_to_date_amount') }} as activated_to_date_amount,
        {%- set to_date = ', 0)) over (partition by plan_types.plan_type'
            ~ ' order by month_ends.month_start rows between unbounded preceding and ' %}
        {{ money('sum(coalesce(moved.outstanding_change_amount' ~ to_date ~ 'current row)') }}
            as outstanding_at_end_amount,
        {{ money('sum(coalesce(moved.receivable_change_amount' ~ to_date ~ 'current row)') }}
            as receivable_at_end_amount,
        {{ money('sum(coalesce(moved.receivable_change_amount' ~ to_date ~ '1 preceding)') }}
            as receivable_at_start_amount
    from month_ends
    cross join plan_types
    {% for part in ['activated', 'moved', 'fallen_due', 'first_due', 'vintages', 'stocks'] -%}
    left join {{ part }}
        on
            month_ends.month_start = {{ part }}.month_start
            and plan_types.plan_type = {{ part }}.plan_type
    {% endfor %}
)

select * from final
