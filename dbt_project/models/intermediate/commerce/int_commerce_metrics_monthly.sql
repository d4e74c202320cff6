{{ config(materialized='table') }}

with lines as (

    select * from {{ ref('int_sales_lines_enriched') }}

),

customer_orders as (

    select * from {{ ref('int_customer_orders') }}

),

customers as (

    select * from {{ ref('int_customers_by_month_end') }}

),

cohorts as (

    select * from {{ ref('int_customer_cohorts_by_age') }}

),

months as (

    {{ month_spine('commerce') }}

),

sold as (

    select
        month_start,
        {{ commerce_sales_measures() }}
    from lines
    where not is_internal
    group by month_start

),

first_purchases as (

    select
        customer,
        min(posting_date) as first_purchase_date
    from customer_orders
    where is_purchase
    group by customer

),

-- Two orders on the day of the first one are a repeated purchase, too.
purchases as (

    select
        customer_orders.month_start,
        customer_orders.customer,
        min(first_purchases.first_purchase_date) < customer_orders.month_start
        or count(distinct customer_orders.order_number) > 1 as is_repeated
    from customer_orders
    inner join first_purchases
        on customer_orders.customer = first_purchases.customer
    where customer_orders.is_purchase
    group by customer_orders.month_start, customer_orders.customer

),

buyers as (

    select
        month_start,
        cast(count(*) as bigint) as buying_customer_count,
        {{ count_where('is_repeated') }} as repeating_customer_count
    from purchases
    group by month_start

),

classes as (

    select
        month_start,
        cast(count(*) as bigint) as customer_count,
        {{ count_where("abc_revenue = 'A'") }} as class_a_customer_count
    from customers
    group by month_start

),

-- By the month of the cohort, once the month of that age is over.
retention as (

    select
        cohort_month,
        max(customer_count) as new_customer_count,
        -- noqa: disable=LT02
        {% for age in [1, 3, 12] %}
        max(case when age = {{ age }} and is_complete_period then customer_count end)
            as retention_m{{ age }}_due_count,
        max(case when age = {{ age }} and is_complete_period then active_customer_count end)
            as retention_m{{ age }}_retained_count{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from cohorts
    group by cohort_month

),

joined as (

    select
        months.month_start,
        months.is_complete_period,
        {{ money('sold.net_sales', 4) }} as net_sales,
        {{ money('sold.gross_margin', 4) }} as gross_margin,
        {{ money('sold.returned_sales', 4) }} as returned_sales,
        coalesce(sold.order_count, 0) as order_count,
        coalesce(sold.active_customer_count, 0) as active_customer_count,
        coalesce(buyers.buying_customer_count, 0) as buying_customer_count,
        coalesce(buyers.repeating_customer_count, 0) as repeating_customer_count,
        coalesce(classes.customer_count, 0) as customer_count,
        coalesce(classes.class_a_customer_count, 0) as class_a_customer_count,
        coalesce(retention.new_customer_count, 0) as new_customer_count,
        -- noqa: disable=LT02
        {% for age in [1, 3, 12] %}
        retention.retention_m{{ age }}_due_count,
        retention.retention_m{{ age }}_retained_count{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from months
    left join sold
        on months.month_start = sold.month_start
    left join buyers
        on months.month_start = buyers.month_start
    left join classes
        on months.month_start = classes.month_start
    left join retention
        on months.month_start = retention.cohort_month

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(commerce_kpis(), 'monthly')) }}
    from joined

)

select * from final
