{{ config(materialized='table') }}

with investments as (

    select * from {{ ref('stg_microfinance__investments') }}

),

products as (

    select * from {{ ref('stg_microfinance__investment_products') }}

),

earnings as (

    select * from {{ ref('stg_microfinance__investment_earnings') }}

),

paid as (

    select
        investment_id,
        sum(amount) as earnings_paid_amount
    from earnings
    where
        is_active
        and paid_date <= {{ as_of_date('microfinance') }}
    group by investment_id

),

joined as (

    select
        investments.investment_id,
        investments.customer_id,
        products.investment_product,
        products.investment_product_name,
        investments.amount,
        investments.total_return_amount,
        {{ money('paid.earnings_paid_amount') }} as earnings_paid_amount,
        products.annual_rate,
        {{ days_between('investments.start_date', 'investments.end_date') }} as term_days,
        investments.start_date,
        investments.end_date,
        case
            when investments.closed_date <= {{ as_of_date('microfinance') }}
                then investments.closed_date
        end as closed_date
    from investments
    inner join products
        on investments.investment_product_id = products.investment_product_id
    left join paid
        on investments.investment_id = paid.investment_id
    where
        investments.is_active
        and investments.start_date <= {{ as_of_date('microfinance') }}

),

returns as (

    select
        *,
        {{ ratio('(total_return_amount - amount)', 'amount') }} as roi
    from joined

),

final as (

    select
        *,
        -- Compounded over the days it is really held.
        {{ to_scale(
            'power(1 + cast(roi as ' ~ type_double() ~ '), '
            ~ 'cast(365 as ' ~ type_double() ~ ') / greatest('
            ~ days_between('start_date', 'coalesce(closed_date, end_date)') ~ ', 1)) - 1', 8) }}
            as annualised_roi,
        closed_date is null as is_held
    from returns

)

select * from final
