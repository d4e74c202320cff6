-- Principal = repaid + outstanding + written off + refunded, for each plan at each month end. A
-- plan whose schedule holds another principal than its contract is a finding.
with statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

findings as (

    select * from {{ ref('compliance_findings') }}
    where rule = 'SCHEDULE_DIFFERS_FROM_CONTRACT'

)

select
    statuses.plan_id,
    statuses.snapshot_date,
    plans.principal_amount,
    statuses.principal_repaid_amount,
    statuses.outstanding_amount,
    statuses.written_off_amount,
    statuses.principal_refunded_amount
from statuses
inner join plans
    on statuses.plan_id = plans.plan_id
left join findings
    on statuses.plan_id = findings.entity_key
where
    findings.entity_key is null
    and plans.principal_amount
    <> statuses.principal_repaid_amount
    + statuses.outstanding_amount
    + statuses.written_off_amount
    + statuses.principal_refunded_amount
