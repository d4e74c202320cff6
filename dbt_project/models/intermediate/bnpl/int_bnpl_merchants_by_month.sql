{{ config(materialized='table') }}

with merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

reviews as (

    select * from {{ ref('stg_bnpl__reviews') }}

),

months as (

    {{ month_spine('bnpl') }}

),

-- From the month a merchant joined, with or without a sale.
merchant_months as (

    select
        merchants.merchant_id,
        months.month_start,
        months.is_complete_period
    from merchants
    inner join months
        on merchants.joined_date <= months.month_end
    where merchants.joined_date <= {{ as_of_date('bnpl') }}

),

captured as (

    select
        merchant_id,
        captured_month as month_start,
        cast(count(*) as bigint) as captured_order_count,
        cast(count(distinct customer_id) as bigint) as customer_count,
        sum(order_amount) as gmv_amount,
        sum(commission_amount) as commission_amount
    from orders
    where is_captured
    group by merchant_id, captured_month

),

{{ bnpl_refunded_by_month(['merchant_id']) }},

disputed as (

    select
        orders.merchant_id,
        {{ month_start('disputes.opened_date') }} as month_start,
        cast(count(*) as bigint) as dispute_count
    from disputes
    inner join orders
        on disputes.order_id = orders.order_id
    where disputes.opened_date <= {{ as_of_date('bnpl') }}
    group by orders.merchant_id, {{ month_start('disputes.opened_date') }}

),

reviewed as (

    select
        orders.merchant_id,
        {{ month_start('reviews.review_date') }} as month_start,
        cast(count(*) as bigint) as review_count,
        cast(sum(reviews.star_count) as bigint) as star_sum
    from reviews
    inner join orders
        on reviews.order_id = orders.order_id
    where reviews.review_date <= {{ as_of_date('bnpl') }}
    group by orders.merchant_id, {{ month_start('reviews.review_date') }}

),

joined as (

    select
        merchant_months.merchant_id,
        merchant_months.month_start,
        merchant_months.is_complete_period,
        coalesce(captured.captured_order_count, 0) as captured_order_count,
        coalesce(captured.customer_count, 0) as customer_count,
        coalesce(disputed.dispute_count, 0) as dispute_count,
        coalesce(reviewed.review_count, 0) as review_count,
        coalesce(reviewed.star_sum, 0) as star_sum,
        {{ money('captured.gmv_amount') }} as gmv_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount,
        {{ money('captured.commission_amount') }} as commission_amount
    from merchant_months
    left join captured
        on
            merchant_months.merchant_id = captured.merchant_id
            and merchant_months.month_start = captured.month_start
    left join refunded
        on
            merchant_months.merchant_id = refunded.merchant_id
            and merchant_months.month_start = refunded.month_start
    left join disputed
        on
            merchant_months.merchant_id = disputed.merchant_id
            and merchant_months.month_start = disputed.month_start
    left join reviewed
        on
            merchant_months.merchant_id = reviewed.merchant_id
            and merchant_months.month_start = reviewed.month_start

),

running as (

    select
        *,
        captured_order_count > 0 as is_active,
        coalesce(
            lag(captured_order_count) over (partition by merchant_id order by month_start) > 0,
            false
        ) as was_active,
        {{ money('gmv_amount - refunded_amount') }} as net_gmv_amount,
        cast(sum(review_count) over (
            partition by merchant_id order by month_start
            rows between unbounded preceding and current row
        ) as bigint) as review_to_date_count,
        cast(sum(star_sum) over (
            partition by merchant_id order by month_start
            rows between unbounded preceding and current row
        ) as bigint) as star_to_date_sum
    from joined

),

-- The mean of all reviews by the end of the month is what a merchant without any is rated.
means as (

    select
        *,
        sum(review_to_date_count) over (partition by month_start) as all_review_count,
        sum(star_to_date_sum) over (partition by month_start) as all_star_sum
    from running

),

final as (

    select
        *,
        {{ ratio(
            var('bnpl_rating_prior_reviews') ~ ' * cast(all_star_sum as ' ~ type_double()
            ~ ') / nullif(cast(all_review_count as ' ~ type_double() ~ '), 0)'
            ~ ' + star_to_date_sum',
            var('bnpl_rating_prior_reviews') ~ ' + review_to_date_count') }} as bayesian_rating,
        was_active and is_active as is_retained
    from means

)

select * from final
