{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('stg_bnpl__customers') }}

),

orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

months as (

    {{ month_spine('bnpl') }}

),

-- From the month of sign-up, with or without a purchase.
customer_months as (

    select
        customers.customer_id,
        coalesce(customers.region, 'UNASSIGNED') as region,
        customers.signup_date,
        months.month_start,
        months.is_complete_period
    from customers
    inner join months
        on customers.signup_date <= months.month_end
    where customers.signup_date <= {{ as_of_date('bnpl') }}

),

visits as (

    select
        customer_id,
        merchant_id,
        captured_month as month_start,
        cast(count(*) as bigint) as captured_order_count,
        sum(order_amount) as gmv_amount,
        {{ count_where("plan_type <> 'PAY_IN_FULL'") }} as credit_order_count,
        {{ count_where("channel in ('app', 'web')") }} as online_order_count
    from orders
    where is_captured
    group by customer_id, merchant_id, captured_month

),

-- A customer returns to a merchant when the month of the last purchase there is one of the twelve
-- before.
returning_visits as (

    select
        *,
        coalesce(
            lag(month_start) over (partition by customer_id, merchant_id order by month_start)
            >= {{ add_months('month_start', -12) }},
            false
        ) as is_recurring
    from visits

),

bought as (

    select
        customer_id,
        month_start,
        cast(sum(captured_order_count) as bigint) as captured_order_count,
        cast(count(*) as bigint) as merchant_count,
        {{ count_where('is_recurring') }} as recurring_merchant_count,
        cast(sum(credit_order_count) as bigint) as credit_order_count,
        cast(sum(online_order_count) as bigint) as online_order_count,
        sum(gmv_amount) as gmv_amount
    from returning_visits
    group by customer_id, month_start

),

{{ bnpl_refunded_by_month(['customer_id']) }},

-- Whom a purge has anonymised left no row among the customers: the months with a purchase or refund
-- are known, and nothing else. The sign-up was before the first of them: nobody signs up twice.
anonymised_months as (

    select
        customer_id,
        month_start
    from bought
    where {{ is_anonymised('customer_id') }}
    union
    select
        customer_id,
        month_start
    from refunded
    where {{ is_anonymised('customer_id') }}

),

anonymised_since as (

    select
        customer_id,
        month_start,
        min(month_start) over (partition by customer_id) as first_month
    from anonymised_months

),

all_months as (

    select
        customer_id,
        region,
        signup_date,
        month_start,
        is_complete_period
    from customer_months
    union all
    select
        anonymised_since.customer_id,
        'UNASSIGNED' as region,
        {{ add_months('anonymised_since.first_month', -1) }} as signup_date,
        anonymised_since.month_start,
        months.is_complete_period
    from anonymised_since
    inner join months
        on anonymised_since.month_start = months.month_start
    left join customers
        on anonymised_since.customer_id = customers.customer_id
    where customers.customer_id is null

),

joined as (

    select
        all_months.customer_id,
        all_months.region,
        all_months.month_start,
        all_months.is_complete_period,
        {{ months_between('all_months.signup_date', 'all_months.month_start') }}
            as months_since_signup,
        coalesce(bought.captured_order_count, 0) as captured_order_count,
        coalesce(bought.merchant_count, 0) as merchant_count,
        coalesce(bought.recurring_merchant_count, 0) as recurring_merchant_count,
        coalesce(bought.credit_order_count, 0) as credit_order_count,
        coalesce(bought.online_order_count, 0) as online_order_count,
        {{ money('bought.gmv_amount') }} as gmv_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount
    from all_months
    left join bought
        on
            all_months.customer_id = bought.customer_id
            and all_months.month_start = bought.month_start
    left join refunded
        on
            all_months.customer_id = refunded.customer_id
            and all_months.month_start = refunded.month_start

),

final as (

    select
        *,
        captured_order_count > 0 as is_active,
        captured_order_count > 1 as is_repeating
    from joined

)

select * from final
