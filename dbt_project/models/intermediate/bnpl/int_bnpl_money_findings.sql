with settlements as (

    select * from {{ ref('int_bnpl_settlements_aged') }}

),

settlement_lines as (

    select * from {{ ref('stg_bnpl__settlement_lines') }}

),

orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

events as (

    select * from {{ ref('stg_bnpl__audit_log') }}

),

cashback as (

    select * from {{ ref('stg_bnpl__cashback_transactions') }}

),

lines_summed as (

    select
        settlement_id,
        sum(gross_amount) as gross_amount,
        sum(commission_amount) as commission_amount
    from settlement_lines
    group by settlement_id

),

settlements_that_differ as (

    select
        'SETTLEMENT_LINES_DIFFER' as rule,
        'settlements' as entity,
        settlements.settlement_id as entity_key,
        settlements.gross_amount - coalesce(lines_summed.gross_amount, 0)
        - settlements.commission_amount + coalesce(lines_summed.commission_amount, 0) as amount,
        settlements.period_end_date as found_on
    from settlements
    left join lines_summed
        on settlements.settlement_id = lines_summed.settlement_id
    where
        settlements.gross_amount <> coalesce(lines_summed.gross_amount, 0)
        or settlements.commission_amount <> coalesce(lines_summed.commission_amount, 0)

),

-- What an order shows as refunded is the sum of all its events, those after the as-of day among
-- them: the source overwrites the sum.
refunds_summed as (

    select
        entity_id as order_id,
        sum(amount) as refunded_amount,
        max(occurred_date) as refunded_date
    from events
    where
        entity = 'orders'
        and event_type = 'REFUNDED'
    group by entity_id

),

refunds_that_differ as (

    select
        'REFUND_WITHOUT_EVENT' as rule,
        'orders' as entity,
        orders.order_id as entity_key,
        orders.refunded_amount - coalesce(refunds_summed.refunded_amount, 0) as amount,
        coalesce(refunds_summed.refunded_date, orders.captured_date) as found_on
    from orders
    left join refunds_summed
        on orders.order_id = refunds_summed.order_id
    where orders.refunded_amount <> coalesce(refunds_summed.refunded_amount, 0)

),

-- All movements of a day count together: what is earned and redeemed on one day comes in no order.
balances as (

    select
        rewards_account_id,
        occurred_date,
        sum(sum(
            case when cashback_kind = 'EARNED' then cashback_amount else -cashback_amount end
        )) over (
            partition by rewards_account_id order by occurred_date
            rows between unbounded preceding and current row
        ) as balance_amount
    from cashback
    where occurred_date <= {{ as_of_date('bnpl') }}
    group by rewards_account_id, occurred_date

),

-- The first day that ends below zero.
balances_ranked as (

    select
        rewards_account_id,
        occurred_date,
        balance_amount,
        row_number() over (
            partition by rewards_account_id order by occurred_date
        ) as balance_rank
    from balances
    where balance_amount < 0

),

rewards_below_zero as (

    select
        'REWARDS_BELOW_ZERO' as rule,
        'rewards_accounts' as entity,
        rewards_account_id as entity_key,
        balance_amount as amount,
        occurred_date as found_on
    from balances_ranked
    where balance_rank = 1

),

found as (

    select * from settlements_that_differ
    union all
    select * from refunds_that_differ
    union all
    select * from rewards_below_zero

),

final as (

    select
        rule,
        entity,
        entity_key,
        {{ money('amount') }} as amount,
        found_on
    from found
    where found_on <= {{ as_of_date('bnpl') }}

)

select * from final
