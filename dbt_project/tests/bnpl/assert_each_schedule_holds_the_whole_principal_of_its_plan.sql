-- Each version of a schedule says the whole plan: its principal is the plan's. A first one that
-- differs from its contract is a finding; a later one that does would lose or invent principal.
{{ config(tags=['exact_values']) }}

with plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

schedules as (

    select
        plan_id,
        schedule_version,
        sum(principal_amount) as principal_amount
    from {{ ref('stg_bnpl__installments') }}
    group by plan_id, schedule_version

),

findings as (

    select * from {{ ref('compliance_findings') }}
    where rule = 'SCHEDULE_DIFFERS_FROM_CONTRACT'

)

select
    plans.plan_id,
    schedules.schedule_version,
    plans.principal_amount,
    schedules.principal_amount as schedule_amount
from plans
left join schedules
    on plans.plan_id = schedules.plan_id
left join findings
    on plans.plan_id = findings.entity_key
where
    findings.entity_key is null
    and plans.created_date <= {{ as_of_date('bnpl') }}
    and (
        schedules.plan_id is null
        or plans.principal_amount <> schedules.principal_amount
    )
