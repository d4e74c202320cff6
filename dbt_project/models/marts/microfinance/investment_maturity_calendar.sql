with investments as (

    select * from {{ ref('int_investments_enriched') }}

),

held as (

    select
        *,
        {{ days_between(as_of_date('microfinance'), 'end_date') }} as days_to_maturity
    from investments
    where is_held

),

final as (

    select
        end_date as maturity_date,
        investment_product,
        investment_product_name,
        case
            when days_to_maturity <= 0 then 'overdue'
            when days_to_maturity <= 30 then 'within 30 days'
            when days_to_maturity <= 90 then '31-90 days'
            else 'later'
        end as maturity_bucket,
        days_to_maturity,
        cast(count(*) as bigint) as investment_count,
        cast(count(distinct customer_id) as bigint) as investor_count,
        {{ money('sum(amount)') }} as invested_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        {{ money('sum(total_return_amount - amount)') }} as return_amount,
        {{ money('sum(earnings_paid_amount)') }} as earnings_paid_amount,
        -- What has yet to be paid out: principal and the earnings still owed.
        {{ money('sum(total_return_amount - earnings_paid_amount)') }} as liquidity_need_amount
    from held
    group by end_date, investment_product, investment_product_name, days_to_maturity

)

select * from final
