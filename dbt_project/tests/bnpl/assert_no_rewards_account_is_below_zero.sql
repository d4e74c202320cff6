-- Nobody can use, lose or give back more cash-back than was earned, on any day; where the source
-- says otherwise, compliance_findings owns up to it.
with movements as (

    select
        rewards_account_id,
        occurred_date,
        sum(case when cashback_kind = 'EARNED' then cashback_amount else -cashback_amount end)
            as moved_amount
    from {{ ref('stg_bnpl__cashback_transactions') }}
    where occurred_date <= {{ as_of_date('bnpl') }}
    group by rewards_account_id, occurred_date

),

balances as (

    select
        rewards_account_id,
        occurred_date,
        sum(moved_amount) over (
            partition by rewards_account_id order by occurred_date
        ) as liability_amount
    from movements

),

findings as (

    select * from {{ ref('compliance_findings') }}

)

select
    balances.rewards_account_id,
    balances.occurred_date,
    balances.liability_amount
from balances
left join findings
    on
        balances.rewards_account_id = findings.entity_key
        and findings.rule = 'REWARDS_BELOW_ZERO'
where balances.liability_amount < 0 and findings.entity_key is null
