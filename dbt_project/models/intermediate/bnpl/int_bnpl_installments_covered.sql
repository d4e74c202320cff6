{{ config(materialized='table') }}

with installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

positions as (

    select * from {{ ref('int_bnpl_installment_positions') }}

),

-- An instalment at checkout is looked at on the day on which its payment makes the plan active.
dated as (

    select
        installments.*,
        plans.customer_id,
        plans.plan_type,
        greatest(installments.due_date, plans.activated_date) as judged_date,
        {{ add_days('greatest(installments.due_date, plans.activated_date)',
            var('bnpl_collection_days')) }} as collection_judged_date,
        installments.superseded_date is null
        or installments.superseded_date > {{ as_of_date('bnpl') }} as is_in_force
    from installments
    inner join plans
        on installments.plan_id = plans.plan_id
    where
        plans.is_activated
        and (
            installments.schedule_version = 1
            or installments.effective_date <= {{ as_of_date('bnpl') }}
        )

),

-- A charge-back may have re-opened what was covered before: what counts is since when it has been
-- covered without a break.
runs as (

    select
        positions.*,
        positions.is_covered and not positions.is_cut as is_paid,
        max(case when not positions.is_covered or positions.is_cut then positions.position_date end)
            over (partition by positions.installment_id) as last_open_date
    from positions

),

covered as (

    select
        installment_id,
        min(case when is_paid then position_date end) as first_covered_date,
        min(
            case
                when is_paid and (last_open_date is null or position_date > last_open_date)
                    then position_date
            end
        ) as covered_date
    from runs
    group by installment_id

),

latest as (

    select *
    from positions
    where next_position_date is null

),

on_due_date as (

    select
        dated.installment_id,
        positions.is_covered,
        positions.is_cut
    from dated
    inner join positions
        on
            dated.installment_id = positions.installment_id
            and dated.judged_date >= positions.position_date
            and (
                positions.next_position_date is null
                or dated.judged_date < positions.next_position_date
            )
    where
        dated.judged_date <= {{ as_of_date('bnpl') }}
        and (dated.superseded_date is null or dated.judged_date < dated.superseded_date)
        and (dated.schedule_version = 1 or dated.judged_date >= dated.effective_date)

),

-- What was re-scheduled, or written off, before the days were over is what it was then.
after_collection as (

    select
        dated.installment_id,
        positions.is_covered,
        positions.is_cut
    from dated
    inner join positions
        on
            dated.installment_id = positions.installment_id
            and dated.collection_judged_date >= positions.position_date
            and (
                positions.next_position_date is null
                or dated.collection_judged_date < positions.next_position_date
            )
    where dated.collection_judged_date <= {{ as_of_date('bnpl') }}

),

joined as (

    select
        dated.installment_id,
        dated.plan_id,
        dated.customer_id,
        dated.plan_type,
        dated.schedule_version,
        dated.installment_number,
        dated.principal_amount,
        dated.interest_amount,
        latest.fee_due_amount,
        latest.due_amount,
        latest.paid_amount,
        latest.fee_paid_amount,
        latest.interest_paid_amount,
        latest.principal_paid_amount,
        latest.cut_amount,
        latest.is_cut,
        dated.is_in_force,
        -- It fell due if it was in force on the day, of a plan not written off before, and not
        -- cancelled by a refund.
        coalesce(
            on_due_date.installment_id is not null
            and not on_due_date.is_cut
            and (plans.written_off_date is null or dated.judged_date <= plans.written_off_date)
            and dated.principal_amount + dated.interest_amount > 0,
            false
        ) as has_fallen_due,
        on_due_date.is_covered as was_covered_on_due_date,
        after_collection.installment_id is not null and not after_collection.is_cut
            as is_collection_judged,
        after_collection.is_covered as was_covered_after_collection,
        dated.effective_date,
        dated.superseded_date,
        dated.due_date,
        dated.judged_date,
        covered.first_covered_date,
        covered.covered_date
    from dated
    inner join plans
        on dated.plan_id = plans.plan_id
    inner join latest
        on dated.installment_id = latest.installment_id
    left join covered
        on dated.installment_id = covered.installment_id
    left join on_due_date
        on dated.installment_id = on_due_date.installment_id
    left join after_collection
        on dated.installment_id = after_collection.installment_id

),

final as (

    select
        installment_id,
        plan_id,
        customer_id,
        plan_type,
        schedule_version,
        installment_number,
        principal_amount,
        interest_amount,
        fee_due_amount,
        due_amount,
        paid_amount,
        fee_paid_amount,
        interest_paid_amount,
        principal_paid_amount,
        cut_amount,
        is_in_force,
        is_cut,
        has_fallen_due,
        has_fallen_due and was_covered_on_due_date as is_on_time,
        has_fallen_due and coalesce(is_collection_judged, false) as is_collection_judged,
        has_fallen_due
        and coalesce(is_collection_judged and was_covered_after_collection, false)
            as is_collected_in_time,
        effective_date,
        superseded_date,
        due_date,
        judged_date,
        first_covered_date,
        covered_date
    from joined

)

select * from final
