-- Everybody who signed up by the as-of date is in every mart that has a row per customer, once.
{%- set customer_marts = [
    'dim_customers', 'customer_lifetime_value', 'customer_segmentation',
    'customer_financial_summary',
] %}

with customers as (

    select * from {{ ref('stg_microfinance__users') }}

),

expected_customers as (

    select customer_id
    from customers
    where signup_date <= {{ as_of_date('microfinance') }}

),

mart_customers as (

    {% for mart in customer_marts %}
    select
        '{{ mart }}' as mart,
        customer_id
    from {{ ref(mart) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counts as (

    select
        customer_id,
        count(*) as mart_row_count
    from mart_customers
    group by customer_id

)

select
    coalesce(expected_customers.customer_id, counts.customer_id) as customer_id,
    counts.mart_row_count
from expected_customers
full outer join counts
    on expected_customers.customer_id = counts.customer_id
where
    expected_customers.customer_id is null
    or counts.customer_id is null
    or counts.mart_row_count <> {{ customer_marts | length }}
