with orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

customers as (

    select * from {{ ref('stg_bnpl__customers') }}

),

rewards as (

    select * from {{ ref('int_bnpl_rewards_by_day') }}

),

captured as (

    select
        captured_date as date_day,
        {{ bnpl_order_measures() }}
    from orders
    where is_captured
    group by captured_date

),

refunded as (

    select
        refunded_date as date_day,
        sum(refunded_amount) as refunded_amount
    from refunds
    group by refunded_date

),

signups as (

    select
        signup_date as date_day,
        cast(count(*) as bigint) as new_customer_count
    from customers
    group by signup_date

),

joined as (

    select
        rewards.date_day,
        coalesce(captured.captured_order_count, 0) as captured_order_count,
        coalesce(captured.active_customer_count, 0) as active_customer_count,
        coalesce(captured.active_merchant_count, 0) as active_merchant_count,
        coalesce(signups.new_customer_count, 0) as new_customer_count,
        {{ money('captured.gmv_amount') }} as gmv_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount,
        {{ money('captured.commission_amount') }} as commission_amount,
        rewards.liability_amount as rewards_liability_amount
    from rewards
    left join captured
        on rewards.date_day = captured.date_day
    left join refunded
        on rewards.date_day = refunded.date_day
    left join signups
        on rewards.date_day = signups.date_day

),

final as (

    select
        *,
        {{ money('gmv_amount - refunded_amount') }} as net_gmv_amount
    from joined

)

select * from final
