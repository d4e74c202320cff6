with merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

categories as (

    select * from {{ ref('stg_bnpl__categories') }}

),

merchant_months as (

    select * from {{ ref('int_bnpl_merchants_by_month') }}

),

sold as (

    select
        merchant_id,
        cast(sum(captured_order_count) as bigint) as captured_order_count,
        sum(gmv_amount) as gmv_amount,
        sum(net_gmv_amount) as net_gmv_amount,
        min(case when is_active then month_start end) as first_sale_month,
        max(case when is_active then month_start end) as last_sale_month,
        max(month_start) as last_month
    from merchant_months
    group by merchant_id

),

final as (

    select
        merchants.merchant_id,
        merchants.merchant_name,
        coalesce(categories.category_name, 'UNASSIGNED') as category_name,
        merchants.merchant_status,
        merchants.commission_rate,
        merchants.settlement_days,
        sold.captured_order_count,
        {{ money('sold.gmv_amount') }} as gmv_amount,
        {{ money('sold.net_gmv_amount') }} as net_gmv_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        merchant_months.review_to_date_count as review_count,
        merchant_months.bayesian_rating,
        merchants.joined_date,
        sold.first_sale_month,
        sold.last_sale_month
    from merchants
    inner join sold
        on merchants.merchant_id = sold.merchant_id
    inner join merchant_months
        on
            sold.merchant_id = merchant_months.merchant_id
            and sold.last_month = merchant_months.month_start
    left join categories
        on merchants.category_id = categories.category_id

)

select * from final
