-- Each breakdown is of all customers, whole: their number, positions and lifetime values sum to
-- those of the customers one by one.
with customer_groups as (

    select * from {{ ref('customer_groups') }}

),

positions as (

    select * from {{ ref('customer_financial_summary') }}

),

lifetime_values as (

    select * from {{ ref('customer_lifetime_value') }}

),

by_breakdown as (

    select
        breakdown,
        sum(customer_count) as customer_count,
        sum(net_position_amount) as net_position_amount,
        sum(lifetime_value_amount) as lifetime_value_amount
    from customer_groups
    group by breakdown

),

one_by_one as (

    select
        count(*) as customer_count,
        sum(positions.net_position_amount) as net_position_amount,
        sum(lifetime_values.lifetime_value_amount) as lifetime_value_amount
    from positions
    inner join lifetime_values
        on positions.customer_id = lifetime_values.customer_id

)

select by_breakdown.*
from by_breakdown
cross join one_by_one
where
    by_breakdown.customer_count <> one_by_one.customer_count
    or by_breakdown.net_position_amount <> one_by_one.net_position_amount
    or by_breakdown.lifetime_value_amount <> one_by_one.lifetime_value_amount
