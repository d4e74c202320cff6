{{ config(materialized='table') }}

with plans as (

    select * from {{ ref('int_bnpl_plans_enriched') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

positions as (

    select * from {{ ref('int_bnpl_plan_positions') }}

),

-- A plan that is paid in full at checkout is no credit, and has no rate.
credits as (

    select *
    from plans
    where plan_type <> 'PAY_IN_FULL'

),

-- The schedule as signed, from the day it was signed on.
signed as (

    select
        credits.plan_id,
        credits.created_date,
        installments.due_date,
        installments.principal_amount + installments.interest_amount as due_amount,
        {{ months_between('credits.created_date', 'installments.due_date') }} as month_count
    from credits
    inner join installments
        on credits.plan_id = installments.plan_id
    where installments.schedule_version = 1

),

-- Whole months first, then odd days, each a thirtieth of a month: Regulation Z, Appendix J.
months_counted as (

    select
        plan_id,
        created_date,
        due_date,
        due_amount,
        case
            when {{ add_months('created_date', 'month_count') }} > due_date then month_count - 1
            else month_count
        end as month_count
    from signed

),

scheduled_flows as (

    select
        plan_id,
        cast(0 as {{ type_double() }}) as flow_months,
        cast(0 as {{ type_double() }}) as flow_years,
        -principal_amount as flow_amount
    from credits

    union all

    select
        plan_id,
        month_count
        + {{ days_between(add_months('created_date', 'month_count'), 'due_date') }}
        / cast(30 as {{ type_double() }}) as flow_months,
        cast({{ days_between('created_date', 'due_date') }} as {{ type_double() }}) / 365
            as flow_years,
        due_amount as flow_amount
    from months_counted

),

monthly_flows as (

    select
        plan_id,
        flow_months as flow_time,
        flow_amount
    from scheduled_flows

),

yearly_flows as (

    select
        plan_id,
        flow_years as flow_time,
        flow_amount
    from scheduled_flows

),

-- What really came back, day by day: a charge-back is money that went out again, and what a refund
-- cuts of the principal comes from the merchant.
moved as (

    select
        credits.plan_id,
        credits.activated_date,
        credits.principal_amount,
        positions.position_date,
        positions.next_position_date,
        positions.is_active,
        positions.is_refunded,
        positions.is_written_off,
        positions.principal_repaid_amount + positions.principal_refunded_amount
        + positions.interest_paid_amount
        - coalesce(
            lag(
                positions.principal_repaid_amount + positions.principal_refunded_amount
                + positions.interest_paid_amount
            ) over (partition by positions.plan_id order by positions.position_date), 0
        ) as credit_amount,
        positions.fee_paid_amount - coalesce(
            lag(positions.fee_paid_amount) over (
                partition by positions.plan_id order by positions.position_date
            ), 0
        ) as fee_amount
    from credits
    inner join positions
        on credits.plan_id = positions.plan_id

),

real_flows as (

    select
        plan_id,
        position_date,
        cast({{ days_between('activated_date', 'position_date') }} as {{ type_double() }}) / 365
            as flow_time,
        credit_amount - case when position_date = activated_date then principal_amount else 0 end
            as flow_amount,
        fee_amount
    from moved

),

fee_flows as (

    select
        plan_id,
        flow_time,
        flow_amount + fee_amount as flow_amount
    from real_flows

),

signs as (

    select
        plan_id,
        flow_amount,
        flow_amount > 0 as is_received,
        lag(flow_amount > 0) over (partition by plan_id order by position_date) as was_received
    from real_flows
    where flow_amount <> 0

),

sign_changes as (

    select
        plan_id,
        sum(flow_amount) as gain_amount,
        {{ count_where('is_received <> was_received') }} as sign_change_count
    from signs
    group by plan_id

),

outcomes as (

    select
        plan_id,
        is_written_off,
        not is_active and not is_refunded as is_finished
    from moved
    where next_position_date is null

),

{{ xirr_newton('monthly_flows', 'plan_id', name='monthly_rates') }},

{{ xirr_newton('yearly_flows', 'plan_id', name='yearly_rates') }},

{{ xirr_newton('real_flows', 'plan_id', name='realised_rates') }},

{{ xirr_newton('fee_flows', 'plan_id', name='realised_rates_with_fees') }},

joined as (

    select
        plans.plan_id,
        plans.customer_id,
        plans.plan_type,
        plans.principal_amount,
        plans.contract_apr,
        plans.created_date,
        plans.activated_date,
        plans.activated_month,
        12e0 * monthly_rates.rate as nominal_apr,
        yearly_rates.rate as effective_apr,
        realised_rates.rate as realised_apr,
        realised_rates_with_fees.rate as realised_apr_with_fees,
        -- A rate of what is not finished, or went both ways, says nothing.
        case
            when plans.plan_type = 'PAY_IN_FULL' then 'not_credit'
            when outcomes.is_written_off then 'loss'
            when outcomes.plan_id is null or not outcomes.is_finished then 'not_finished'
            when coalesce(sign_changes.sign_change_count, 0) = 0 then 'no_sign_change'
            when sign_changes.sign_change_count > 1 then 'several_sign_changes'
            when sign_changes.gain_amount < 0 then 'loss'
            else 'ok'
        end as apr_status
    from plans
    left join monthly_rates
        on plans.plan_id = monthly_rates.plan_id
    left join yearly_rates
        on plans.plan_id = yearly_rates.plan_id
    left join realised_rates
        on plans.plan_id = realised_rates.plan_id
    left join realised_rates_with_fees
        on plans.plan_id = realised_rates_with_fees.plan_id
    left join outcomes
        on plans.plan_id = outcomes.plan_id
    left join sign_changes
        on plans.plan_id = sign_changes.plan_id

),

rounded as (

    select
        plan_id,
        customer_id,
        plan_type,
        principal_amount,
        contract_apr,
        {{ to_scale('nominal_apr', 8) }} as nominal_apr,
        {{ to_scale('effective_apr', 8) }} as effective_apr,
        {%- for rate in ['realised_apr', 'realised_apr_with_fees'] %}
        {{ to_scale("case when apr_status = 'ok' then " ~ rate ~ ' end', 8) }} as {{ rate }},
        {%- endfor %}
        apr_status,
        created_date,
        activated_date,
        activated_month
    from joined

),

-- The band is one of nominal rates: compounded, the highest of them would be illegal. A rate that
-- cannot be told, of a plan without a schedule or beyond what the steps find, is not in it.
final as (

    select
        *,
        case
            when plan_type = 'PAY_OVER_TIME'
                then
                    coalesce(nominal_apr, -1)
                    >= {{ var('bnpl_lowest_apr') }} - {{ var('bnpl_apr_tolerance') }}
                    and nominal_apr
                    <= {{ var('bnpl_highest_apr') }} + {{ var('bnpl_apr_tolerance') }}
            when plan_type <> 'PAY_IN_FULL'
                then
                    nominal_apr is not null
                    and abs(nominal_apr) <= {{ var('bnpl_apr_tolerance') }}
        end as is_apr_allowed
    from rounded

)

select * from final
