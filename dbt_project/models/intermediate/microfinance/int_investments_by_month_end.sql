{{ config(materialized='table') }}

with investments as (

    select * from {{ ref('int_investments_enriched') }}

),

earnings as (

    select * from {{ ref('stg_microfinance__investment_earnings') }}

),

products as (

    select * from {{ ref('stg_microfinance__investment_products') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

held as (

    select
        month_ends.month_start,
        investments.investment_product,
        cast(count(*) as bigint) as held_count,
        cast(count(distinct investments.customer_id) as bigint) as investor_count,
        sum(investments.amount) as aum_amount,
        sum(investments.total_return_amount - investments.amount) as expected_return_amount,
        sum(investments.amount * investments.annualised_roi) as weighted_annualised_roi
    from month_ends
    inner join investments
        on
            month_ends.snapshot_date >= investments.start_date
            and (
                investments.closed_date is null
                or month_ends.snapshot_date < investments.closed_date
            )
    group by month_ends.month_start, investments.investment_product

),

started as (

    select
        {{ month_start('start_date') }} as month_start,
        investment_product,
        cast(count(*) as bigint) as started_count,
        sum(amount) as started_amount
    from investments
    group by {{ month_start('start_date') }}, investment_product

),

closed as (

    select
        {{ month_start('closed_date') }} as month_start,
        investment_product,
        cast(count(*) as bigint) as closed_count,
        sum(amount) as returned_amount
    from investments
    where closed_date is not null
    group by {{ month_start('closed_date') }}, investment_product

),

paid as (

    select
        {{ month_start('earnings.paid_date') }} as month_start,
        investments.investment_product,
        sum(earnings.amount) as earnings_paid_amount
    from earnings
    inner join investments
        on earnings.investment_id = investments.investment_id
    where
        earnings.is_active
        and earnings.paid_date <= {{ as_of_date('microfinance') }}
    group by {{ month_start('earnings.paid_date') }}, investments.investment_product

),

final as (

    select
        month_ends.month_start,
        month_ends.snapshot_date,
        products.investment_product,
        products.investment_product_name,
        coalesce(held.held_count, 0) as held_count,
        coalesce(held.investor_count, 0) as investor_count,
        coalesce(started.started_count, 0) as started_count,
        coalesce(closed.closed_count, 0) as closed_count,
        {{ money('held.aum_amount') }} as aum_amount,
        {{ money('held.expected_return_amount') }} as expected_return_amount,
        cast(coalesce(held.weighted_annualised_roi, 0) as numeric(30, 10))
            as weighted_annualised_roi,
        {{ money('started.started_amount') }} as started_amount,
        {{ money('closed.returned_amount') }} as returned_amount,
        {{ money('paid.earnings_paid_amount') }} as earnings_paid_amount,
        month_ends.is_complete_period
    from month_ends
    cross join products
    left join held
        on
            month_ends.month_start = held.month_start
            and products.investment_product = held.investment_product
    left join started
        on
            month_ends.month_start = started.month_start
            and products.investment_product = started.investment_product
    left join closed
        on
            month_ends.month_start = closed.month_start
            and products.investment_product = closed.investment_product
    left join paid
        on
            month_ends.month_start = paid.month_start
            and products.investment_product = paid.investment_product

)

select * from final
