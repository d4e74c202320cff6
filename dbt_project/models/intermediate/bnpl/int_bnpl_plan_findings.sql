with schedules as (

    select * from {{ ref('int_bnpl_schedules_signed') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

payments as (

    select * from {{ ref('int_bnpl_payments_deduplicated') }}

),

orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

products as (

    select * from {{ ref('stg_bnpl__products') }}

),

fees as (

    select * from {{ ref('stg_bnpl__fee_assessments') }}

),

verifications as (

    select * from {{ ref('int_bnpl_kyc_timed') }}

),

assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

rates as (

    select * from {{ ref('int_bnpl_plan_rates') }}

),

positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

activated as (

    select *
    from plans
    where activated_date <= {{ as_of_date('bnpl') }}

),

-- By the nominal rate of the schedule, whatever the contract calls it.
rates_out_of_band as (

    select
        'RATE_OUT_OF_BAND' as rule,
        plan_id,
        principal_amount as amount,
        created_date as found_on
    from rates
    where plan_type = 'PAY_OVER_TIME' and not is_apr_allowed

),

interest_on_free_plans as (

    select
        'INTEREST_ON_FREE_PLAN' as rule,
        plan_id,
        interest_amount as amount,
        signed_date as found_on
    from schedules
    where plan_type <> 'PAY_OVER_TIME' and (interest_amount > 0 or contract_apr > 0)

),

terms_out_of_range as (

    select
        'TERM_OUT_OF_RANGE' as rule,
        plan_id,
        contract_principal_amount as amount,
        signed_date as found_on
    from schedules
    where
        plan_type = 'PAY_OVER_TIME'
        and (term_months is null or term_months not between 6 and 24)

),

schedules_that_differ as (

    select
        'SCHEDULE_DIFFERS_FROM_CONTRACT' as rule,
        plan_id,
        principal_amount - contract_principal_amount as amount,
        signed_date as found_on
    from schedules
    where
        installment_count <> contract_installment_count
        or principal_amount <> contract_principal_amount
        or unexpected_installment_count > 0

),

payment_days as (

    select
        plan_id,
        min(settled_date) as first_settled_date
    from payments
    group by plan_id

),

-- A plan that begins with an instalment at checkout is active when that is paid.
active_without_payment as (

    select
        'ACTIVE_WITHOUT_FIRST_PAYMENT' as rule,
        activated.plan_id,
        activated.principal_amount as amount,
        activated.activated_date as found_on
    from activated
    inner join schedules
        on activated.plan_id = schedules.plan_id
    left join payment_days
        on activated.plan_id = payment_days.plan_id
    where
        schedules.first_due_date <= activated.activated_date
        and (
            payment_days.first_settled_date is null
            or payment_days.first_settled_date > activated.activated_date
        )

),

-- On the first day that there is one, whatever became of it later.
balances_ranked as (

    select
        plan_id,
        position_date,
        credit_balance_amount,
        row_number() over (partition by plan_id order by position_date) as balance_rank
    from positions
    where
        credit_balance_amount > 0
        and position_date <= {{ as_of_date('bnpl') }}

),

credit_balances as (

    select
        'CREDIT_BALANCE' as rule,
        plan_id,
        credit_balance_amount as amount,
        position_date as found_on
    from balances_ranked
    where balance_rank = 1

),

write_offs_that_differ as (

    select
        'WRITE_OFF_DIFFERS' as rule,
        plans.plan_id,
        plans.written_off_amount - positions.written_off_amount as amount,
        positions.position_date as found_on
    from plans
    inner join positions
        on
            plans.plan_id = positions.plan_id
            and plans.written_off_date = positions.position_date
    where
        plans.written_off_amount <> positions.written_off_amount
        and positions.position_date <= {{ as_of_date('bnpl') }}

),

-- A fee counts from the day it is assessed to the day it is waived.
fee_events as (

    select
        installments.plan_id,
        fees.assessed_date as event_date,
        fees.fee_amount
    from fees
    inner join installments
        on fees.installment_id = installments.installment_id
    union all
    select
        installments.plan_id,
        fees.waived_date as event_date,
        -fees.fee_amount as fee_amount
    from fees
    inner join installments
        on fees.installment_id = installments.installment_id

),

fees_by_day as (

    select
        plan_id,
        event_date,
        sum(sum(fee_amount)) over (
            partition by plan_id order by event_date
            rows between unbounded preceding and current row
        ) as fee_amount
    from fee_events
    where event_date <= {{ as_of_date('bnpl') }}
    group by plan_id, event_date

),

-- The first day at whose end the fees are above the limit.
fees_ranked as (

    select
        fees_by_day.plan_id,
        fees_by_day.event_date,
        fees_by_day.fee_amount,
        row_number() over (
            partition by fees_by_day.plan_id order by fees_by_day.event_date
        ) as fee_rank
    from fees_by_day
    inner join activated
        on fees_by_day.plan_id = activated.plan_id
    where
        fees_by_day.fee_amount
        > activated.principal_amount * {{ var('bnpl_fee_share_limit') }}

),

fees_above_share as (

    select
        'FEES_ABOVE_SHARE' as rule,
        plan_id,
        fee_amount as amount,
        event_date as found_on
    from fees_ranked
    where fee_rank = 1

),

first_approvals as (

    select
        customer_id,
        min(decided_date) as first_approved_date
    from verifications
    where is_approved
    group by customer_id

),

-- Of a customer whom a purge has anonymised nothing else is known: what was not found then is no
-- finding now.
credit_without_kyc as (

    select
        'CREDIT_WITHOUT_KYC' as rule,
        activated.plan_id,
        activated.principal_amount as amount,
        activated.activated_date as found_on
    from activated
    left join first_approvals
        on activated.customer_id = first_approvals.customer_id
    where
        activated.plan_type <> 'PAY_IN_FULL'
        and not {{ is_anonymised('activated.customer_id') }}
        and (
            first_approvals.first_approved_date is null
            or first_approvals.first_approved_date > activated.activated_date
        )

),

-- The limit in force when the plan became active; a referred assessment waits and changes none.
credit_above_limit as (

    select
        'CREDIT_ABOVE_LIMIT' as rule,
        activated.plan_id,
        activated.principal_amount - coalesce(assessments.approved_limit_amount, 0) as amount,
        activated.activated_date as found_on
    from activated
    left join assessments
        on
            activated.customer_id = assessments.customer_id
            and activated.activated_date >= assessments.assessed_date
            and (
                assessments.next_decided_date is null
                or activated.activated_date < assessments.next_decided_date
            )
            and assessments.is_decided
    where
        activated.plan_type <> 'PAY_IN_FULL'
        and not {{ is_anonymised('activated.customer_id') }}
        and activated.principal_amount > coalesce(assessments.approved_limit_amount, 0)

),

plans_not_offered as (

    select
        'PLAN_NOT_OFFERED' as rule,
        activated.plan_id,
        activated.principal_amount as amount,
        activated.activated_date as found_on
    from activated
    inner join orders
        on activated.order_id = orders.order_id
    inner join products
        on orders.product_id = products.product_id
    -- Both ends of the list in braces become commas.
    where
        replace(replace(products.eligible_plans, '{', ','), '}', ',')
        not like '%,' || activated.plan_type || ',%'

),

found as (

    select * from rates_out_of_band
    union all
    select * from credit_balances
    union all
    select * from write_offs_that_differ
    union all
    select * from interest_on_free_plans
    union all
    select * from terms_out_of_range
    union all
    select * from schedules_that_differ
    union all
    select * from active_without_payment
    union all
    select * from fees_above_share
    union all
    select * from credit_without_kyc
    union all
    select * from credit_above_limit
    union all
    select * from plans_not_offered

),

final as (

    select
        rule,
        'payment_plans' as entity,
        plan_id as entity_key,
        {{ money('amount') }} as amount,
        found_on
    from found

)

select * from final
