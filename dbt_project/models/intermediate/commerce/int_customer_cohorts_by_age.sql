{{ config(materialized='table') }}

with customer_orders as (

    select * from {{ ref('int_customer_orders') }}

),

months as (

    {{ month_spine('commerce') }}

),

first_months as (

    select
        customer,
        min(month_start) as cohort_month
    from customer_orders
    group by customer

),

cohorts as (

    select
        cohort_month,
        cast(count(*) as bigint) as customer_count
    from first_months
    group by cohort_month

),

activity as (

    select
        first_months.cohort_month,
        customer_orders.month_start,
        cast(count(distinct customer_orders.customer) as bigint) as active_customer_count,
        {{ money('sum(customer_orders.net_sales)', 4) }} as net_sales
    from customer_orders
    inner join first_months
        on customer_orders.customer = first_months.customer
    group by first_months.cohort_month, customer_orders.month_start

),

final as (

    select
        cohorts.cohort_month,
        {{ months_between('cohorts.cohort_month', 'months.month_start') }} as age,
        months.month_start as activity_month,
        months.is_complete_period,
        cohorts.customer_count,
        coalesce(activity.active_customer_count, 0) as active_customer_count,
        {{ money('activity.net_sales', 4) }} as net_sales,
        {{ ratio('coalesce(activity.active_customer_count, 0)', 'cohorts.customer_count') }}
            as retention_rate,
        {{ ratio('coalesce(activity.net_sales, 0)', 'cohorts.customer_count') }} as avg_revenue
    from cohorts
    inner join months
        on cohorts.cohort_month <= months.month_start
    left join activity
        on
            cohorts.cohort_month = activity.cohort_month
            and months.month_start = activity.month_start

)

select * from final
