-- Each customer is in one cohort, and every cohort has a document of retention and of revenue.
with sizes as (

    select * from {{ ref('cohort_sizes') }}

),

customers as (

    select
        {{ month_start('first_order_date') }} as cohort_month,
        count(*) as customer_count
    from {{ ref('customer_master') }}
    group by {{ month_start('first_order_date') }}

),

retention as (

    select * from {{ ref('cohort_retention') }}

),

revenue as (

    select * from {{ ref('cohort_avg_revenue') }}

)

select
    coalesce(sizes.cohort_month, customers.cohort_month) as cohort_month,
    sizes.customer_count,
    customers.customer_count as customers_in_master
from sizes
full outer join customers
    on sizes.cohort_month = customers.cohort_month
left join retention
    on sizes.cohort_month = retention.cohort_month
left join revenue
    on sizes.cohort_month = revenue.cohort_month
where
    coalesce(sizes.customer_count, 0) <> coalesce(customers.customer_count, 0)
    or retention.cohort_month is null
    or revenue.cohort_month is null
    -- Whose first month is over has been there as a whole in it.
    or (
        sizes.is_complete_period
        and substr(retention.retention_data, 1, 11) <> '{"1": 100.0'
    )
