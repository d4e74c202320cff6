{{ config(materialized='table') }}

with plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

installments as (

    select * from {{ ref('stg_bnpl__installments') }}

),

known as (

    select *
    from plans
    where created_date <= {{ as_of_date('bnpl') }}

),

-- The first version is what was signed; later ones answer to a re-scheduling.
signed as (

    select
        known.plan_id,
        known.plan_type,
        known.contract_apr,
        known.term_months,
        known.principal_amount as contract_principal_amount,
        known.installment_count as contract_installment_count,
        known.created_date,
        installments.installment_number,
        installments.principal_amount,
        installments.interest_amount,
        installments.due_date,
        sum(installments.principal_amount) over (
            partition by known.plan_id order by installments.installment_number
            rows between unbounded preceding and current row
        ) - installments.principal_amount as principal_before_amount
    from known
    inner join installments
        on known.plan_id = installments.plan_id
    where installments.schedule_version = 1

),

-- What the contract says of each instalment: interest on the balance, and of an annuity the same
-- payment each time; the last one takes what rounding leaves.
expected as (

    select
        *,
        {{ to_scale(
            'cast(contract_principal_amount - principal_before_amount as ' ~ type_double()
            ~ ') * cast(contract_apr as ' ~ type_double() ~ ') / 12', 2) }}
            as expected_interest_amount,
        case
            when contract_apr > 0
                then {{ to_scale(
                    'cast(contract_principal_amount as ' ~ type_double()
                    ~ ') * cast(contract_apr as ' ~ type_double() ~ ') / 12 / (1 - power(1 + cast('
                    ~ 'contract_apr as ' ~ type_double() ~ ') / 12, -contract_installment_count))',
                    2) }}
        end as annuity_amount
    from signed

),

final as (

    select
        plan_id,
        plan_type,
        max(term_months) as term_months,
        max(contract_apr) as contract_apr,
        cast(max(contract_installment_count) as bigint) as contract_installment_count,
        cast(count(*) as bigint) as installment_count,
        max(contract_principal_amount) as contract_principal_amount,
        {{ money('sum(principal_amount)') }} as principal_amount,
        {{ money('sum(interest_amount)') }} as interest_amount,
        {{ money('max(annuity_amount)') }} as annuity_amount,
        {{ count_where(
            "plan_type = 'PAY_OVER_TIME' and ("
            ~ 'abs(interest_amount - expected_interest_amount) > 0.01'
            ~ ' or (installment_number < contract_installment_count'
            ~ ' and abs(principal_amount + interest_amount - annuity_amount) > 0.01))') }}
            as unexpected_installment_count,
        max(created_date) as signed_date,
        min(due_date) as first_due_date
    from expected
    group by plan_id, plan_type

)

select * from final
