{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('stg_bnpl__customers') }}

),

verifications as (

    select * from {{ ref('int_bnpl_kyc_timed') }}

),

assessments as (

    select * from {{ ref('int_bnpl_assessments_in_force') }}

),

orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

rewards_accounts as (

    select * from {{ ref('stg_bnpl__rewards_accounts') }}

),

subscriptions as (

    select * from {{ ref('stg_bnpl__premium_subscriptions') }}

),

verified as (

    select
        customer_id,
        max(kyc_level) as kyc_level
    from verifications
    where is_approved
    group by customer_id

),

scored as (

    select
        customer_id,
        score,
        score_band
    from assessments
    where is_current

),

limited as (

    select
        customer_id,
        approved_limit_amount
    from assessments
    where is_current_limit

),

bought as (

    select
        customer_id,
        cast(count(*) as bigint) as captured_order_count,
        cast(count(distinct merchant_id) as bigint) as merchant_count,
        sum(order_amount) as gmv_amount,
        sum(refunded_amount) as refunded_amount,
        min(captured_date) as first_order_date,
        max(captured_date) as last_order_date
    from orders
    where is_captured
    group by customer_id

),

subscribed as (

    select distinct customer_id
    from subscriptions
    where
        valid_from_date <= {{ as_of_date('bnpl') }}
        and (valid_to_date is null or valid_to_date >= {{ as_of_date('bnpl') }})

),

-- Every customer who signed up by the as-of day is in, verified or not.
final as (

    select
        customers.customer_id,
        coalesce(customers.region, 'UNASSIGNED') as region,
        {{ age_band('customers.date_of_birth', as_of_date('bnpl')) }} as age_band,
        customers.customer_status,
        coalesce(scored.score_band, 'UNSCORED') as score_band,
        coalesce(rewards_accounts.rewards_tier, 'NONE') as rewards_tier,
        coalesce(verified.kyc_level, 0) as kyc_level,
        scored.score,
        coalesce(bought.captured_order_count, 0) as captured_order_count,
        coalesce(bought.merchant_count, 0) as merchant_count,
        limited.approved_limit_amount as credit_limit_amount,
        {{ money('bought.gmv_amount') }} as gmv_amount,
        {{ money('bought.refunded_amount') }} as refunded_amount,
        limited.approved_limit_amount is not null as has_credit_limit,
        customers.referred_by_customer_id is not null as is_referred,
        subscribed.customer_id is not null as is_premium,
        customers.signup_date,
        {{ month_start('customers.signup_date') }} as cohort_month,
        bought.first_order_date,
        bought.last_order_date
    from customers
    left join verified
        on customers.customer_id = verified.customer_id
    left join scored
        on customers.customer_id = scored.customer_id
    left join limited
        on customers.customer_id = limited.customer_id
    left join bought
        on customers.customer_id = bought.customer_id
    left join rewards_accounts
        on customers.customer_id = rewards_accounts.customer_id
    left join subscribed
        on customers.customer_id = subscribed.customer_id
    where customers.signup_date <= {{ as_of_date('bnpl') }}

)

select * from final
