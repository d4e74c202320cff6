-- Critical data are there: every line that the source has by the as-of day is in transaction_data,
-- and everybody who is on one of them in customer_master.
with sales_lines as (

    select * from {{ ref('stg_commerce__sales_order_lines') }}
    where posting_date <= {{ as_of_date('commerce') }}

),

loaded as (

    select
        count(*) as line_count,
        count(
            distinct case
                when not coalesce(customers.is_internal, false) then sales_lines.customer
            end
        ) as customer_count
    from sales_lines
    left join {{ ref('stg_commerce__customers') }} as customers
        on sales_lines.customer = customers.customer

),

shown as (

    select
        (select count(*) from {{ ref('transaction_data') }}) as line_count,
        (select count(*) from {{ ref('customer_master') }}) as customer_count

)

select
    loaded.line_count,
    shown.line_count as lines_shown,
    loaded.customer_count,
    shown.customer_count as customers_shown
from loaded
cross join shown
where
    loaded.line_count <> shown.line_count
    or loaded.customer_count <> shown.customer_count
