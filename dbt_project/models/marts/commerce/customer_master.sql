with customers as (

    select * from {{ ref('int_customers_by_month_end') }}

),

accounts as (

    select * from {{ ref('stg_commerce__customers') }}

),

final as (

    select
        customers.customer,
        accounts.customer_group,
        accounts.sales_office_name,
        customers.rfm_segment,
        customers.monetary,
        customers.frequency,
        customers.recency,
        customers.abc_revenue,
        customers.abc_profit,
        customers.abc_combined,
        customers.profitability,
        -- Of what is not positive a margin in percent says nothing.
        {{ ratio(
            'customers.profitability',
            'case when customers.monetary > 0 then customers.monetary end'
        ) }} as margin_percent,
        '{{ currency_of("commerce") }}' as currency_code,
        customers.frequency_12m,
        customers.monetary_12m,
        customers.r,
        customers.f,
        customers.m,
        customers.rfm_score,
        customers.first_order_date,
        customers.last_order_date
    from customers
    left join accounts
        on customers.customer = accounts.customer
    where customers.cut_off_date = {{ as_of_date('commerce') }}

)

select * from final
