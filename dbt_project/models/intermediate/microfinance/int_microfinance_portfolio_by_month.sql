{{ config(materialized='table') }}

with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

collaterals as (

    select * from {{ ref('stg_microfinance__loan_collaterals') }}

),

portfolio as (

    select
        month_start,
        {{ portfolio_measures() }},
        cast(count(distinct case when is_active then customer_id end) as bigint)
            as active_borrower_count,
        {{ money('sum(provision_amount)') }} as provision_amount,
        -- Of what was at risk a month ago, what pays as agreed again or is repaid.
        {{ money(
            'sum(case when was_active and ' ~ is_at_risk('previous_arrears_days')
            ~ ' then previous_outstanding_amount end)') }} as previous_at_risk_amount,
        {{ money(
            'sum(case when was_active and ' ~ is_at_risk('previous_arrears_days')
            ~ " and ageing_bucket in ('CURRENT', 'PAID_OFF')"
            ~ ' then previous_outstanding_amount end)') }} as cured_amount
    from statuses
    group by month_start

),

by_borrower as (

    select
        month_start,
        customer_id,
        sum(outstanding_amount) as outstanding_amount
    from statuses
    where is_active
    group by month_start, customer_id

),

ranked_borrowers as (

    select
        month_start,
        outstanding_amount,
        row_number() over (
            partition by month_start order by outstanding_amount desc, customer_id asc
        ) as borrower_rank
    from by_borrower

),

largest_borrowers as (

    select
        month_start,
        sum(outstanding_amount) as top10_borrower_amount
    from ranked_borrowers
    where borrower_rank <= 10
    group by month_start

),

by_product as (

    select
        month_start,
        loan_product,
        sum(outstanding_amount) as outstanding_amount
    from statuses
    where is_active
    group by month_start, loan_product

),

-- The portfolio weighted by the product shares: over the gross portfolio it is their HHI.
concentration as (

    select
        by_product.month_start,
        sum(
            by_product.outstanding_amount
            * {{ ratio('by_product.outstanding_amount', 'portfolio.gross_portfolio_amount') }}
        ) as product_weighted_amount
    from by_product
    inner join portfolio
        on by_product.month_start = portfolio.month_start
    group by by_product.month_start

),

pledged as (

    select
        statuses.month_start,
        sum(collaterals.estimated_value_amount) as collateral_value_amount
    from statuses
    inner join collaterals
        on
            statuses.loan_id = collaterals.loan_id
            and statuses.snapshot_date >= collaterals.valued_date
            and (
                collaterals.released_date is null
                or statuses.snapshot_date < collaterals.released_date
            )
    where
        statuses.is_active
        and collaterals.is_active
    group by statuses.month_start

),

final as (

    select
        month_ends.month_start,
        month_ends.snapshot_date,
        month_ends.is_complete_period,
        month_ends.months_since_launch,
        coalesce(portfolio.active_loan_count, 0) as active_loan_count,
        coalesce(portfolio.active_borrower_count, 0) as active_borrower_count,
        {%- for measure in [
            'gross_portfolio_amount', 'par_1_amount', 'par_7_amount', 'par_30_amount',
            'par_60_amount', 'par_90_amount', 'par_30_with_restructured_amount',
            'restructured_amount', 'npl_amount', 'provision_amount', 'previous_at_risk_amount',
            'cured_amount'
        ] %}
        {{ money('portfolio.' ~ measure) }} as {{ measure }},
        {%- endfor %}
        {{ money('largest_borrowers.top10_borrower_amount') }} as top10_borrower_amount,
        {{ money('concentration.product_weighted_amount') }} as product_weighted_amount,
        {{ money('pledged.collateral_value_amount') }} as collateral_value_amount
    from month_ends
    left join portfolio
        on month_ends.month_start = portfolio.month_start
    left join largest_borrowers
        on month_ends.month_start = largest_borrowers.month_start
    left join concentration
        on month_ends.month_start = concentration.month_start
    left join pledged
        on month_ends.month_start = pledged.month_start

)

select * from final
