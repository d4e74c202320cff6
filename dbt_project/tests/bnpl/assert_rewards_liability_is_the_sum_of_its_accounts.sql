-- What is owed on the last day is the sum of what each rewards account holds.
with days as (

    select
        date_day,
        liability_amount
    from {{ ref('rewards_liability_daily') }}

),

accounts as (

    select
        rewards_account_id,
        sum(case when cashback_kind = 'EARNED' then cashback_amount else -cashback_amount end)
            as balance_amount
    from {{ ref('stg_bnpl__cashback_transactions') }}
    where occurred_date <= {{ as_of_date('bnpl') }}
    group by rewards_account_id

),

owed as (

    select coalesce(sum(balance_amount), 0) as balance_amount
    from accounts

)

select
    days.date_day,
    days.liability_amount,
    owed.balance_amount
from days
cross join owed
where
    days.date_day = {{ as_of_date('bnpl') }}
    and days.liability_amount <> owed.balance_amount
