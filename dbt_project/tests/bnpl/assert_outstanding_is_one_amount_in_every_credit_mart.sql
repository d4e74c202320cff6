-- One book: by day, by bucket, by month, by vintage and by plan, the principal outstanding of a
-- plan type at a month end is the same money.
{{ config(tags=['exact_values']) }}

{%- set parts = ['delinquency', 'performance', 'vintages'] %}

with receivables as (

    select * from {{ ref('receivables_daily') }}

),

delinquency as (

    select
        snapshot_date,
        plan_type,
        sum(outstanding_amount) as outstanding_amount
    from {{ ref('installment_delinquency_monthly') }}
    group by snapshot_date, plan_type

),

performance as (

    select
        snapshot_date,
        plan_type,
        outstanding_amount
    from {{ ref('plan_performance_monthly') }}

),

vintages as (

    select
        performance.snapshot_date,
        vintages.plan_type,
        sum(vintages.outstanding_amount) as outstanding_amount
    from {{ ref('bnpl_vintages') }} as vintages
    inner join {{ ref('plan_performance_monthly') }} as performance
        on
            vintages.month_start = performance.month_start
            and vintages.plan_type = performance.plan_type
    group by performance.snapshot_date, vintages.plan_type

),

plans as (

    select
        plan_type,
        sum(outstanding_amount) as outstanding_amount,
        sum(receivable_amount) as receivable_amount
    from {{ ref('fct_payment_plans') }}
    group by plan_type

),

month_ends as (

    select
        receivables.date_day,
        receivables.plan_type,
        receivables.outstanding_amount
    from receivables
    inner join performance
        on
            receivables.date_day = performance.snapshot_date
            and receivables.plan_type = performance.plan_type

)

{% for part in parts %}
select
    '{{ part }}' as mart,
    month_ends.date_day,
    month_ends.plan_type,
    month_ends.outstanding_amount as expected_amount,
    {{ part }}.outstanding_amount as found_amount
from month_ends
left join {{ part }}
    on
        month_ends.date_day = {{ part }}.snapshot_date
        and month_ends.plan_type = {{ part }}.plan_type
where month_ends.outstanding_amount <> coalesce({{ part }}.outstanding_amount, 0)

union all

{% endfor %}
select
    'plans' as mart,
    receivables.date_day,
    receivables.plan_type,
    receivables.outstanding_amount as expected_amount,
    plans.outstanding_amount as found_amount
from receivables
left join plans
    on receivables.plan_type = plans.plan_type
where
    receivables.is_last_day
    and (
        receivables.outstanding_amount <> coalesce(plans.outstanding_amount, 0)
        or receivables.receivable_amount <> coalesce(plans.receivable_amount, 0)
    )
