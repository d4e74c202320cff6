with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

totals as (

    select cast(count(distinct merchant_id) as bigint) as total_merchant_count
    from activities

),

products as (

    select
        product,
        cast(count(distinct merchant_id) as bigint) as merchant_count,
        cast(count(*) as bigint) as activity_count
    from activities
    where product is not null
    group by product

),

-- Any status counts: a failed or pending use is a use.
final as (

    select
        products.product,
        products.merchant_count,
        totals.total_merchant_count,
        {{ ratio('products.merchant_count', 'totals.total_merchant_count') }} as adoption_rate,
        products.activity_count
    from products
    cross join totals

)

select * from final
