{%- set kpis = bnpl_business_kpis() %}

with merchant_months as (

    select * from {{ ref('int_bnpl_merchants_by_month') }}

),

merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

categories as (

    select * from {{ ref('stg_bnpl__categories') }}

),

final as (

    select
        merchant_months.month_start,
        merchant_months.merchant_id,
        merchants.merchant_name,
        coalesce(categories.category_name, 'UNASSIGNED') as category_name,
        merchant_months.captured_order_count,
        merchant_months.customer_count,
        merchant_months.dispute_count,
        merchant_months.gmv_amount,
        merchant_months.refunded_amount,
        merchant_months.net_gmv_amount,
        merchant_months.commission_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        {{ kpi_ratio(kpis, 'bnpl_aov', 'merchant_months') }} as aov,
        {{ kpi_ratio(kpis, 'bnpl_refund_rate', 'merchant_months') }} as refund_rate,
        {{ kpi_ratio(kpis, 'bnpl_dispute_rate', 'merchant_months') }} as dispute_rate,
        merchant_months.review_count,
        merchant_months.star_sum,
        merchant_months.review_to_date_count,
        merchant_months.star_to_date_sum,
        {{ ratio('merchant_months.star_to_date_sum', 'merchant_months.review_to_date_count') }}
            as average_rating,
        merchant_months.bayesian_rating,
        merchant_months.is_active,
        merchant_months.was_active,
        merchant_months.is_retained,
        merchant_months.is_complete_period
    from merchant_months
    inner join merchants
        on merchant_months.merchant_id = merchants.merchant_id
    left join categories
        on merchants.category_id = categories.category_id

)

select * from final
