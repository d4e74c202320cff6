-- SUCCESS amounts by merchant are those of the events of merchants; by month they are the dated
-- ones among them.
with activities as (

    select * from {{ ref('fct_activities') }}

),

merchants as (

    select * from {{ ref('top_merchant') }}

),

months as (

    select * from {{ ref('monthly_active_merchants') }}

),

by_event as (

    select
        {{ money('sum(amount)') }} as total_amount,
        {{ money('sum(case when activity_date is not null then amount end)') }} as dated_amount
    from activities
    where
        is_success
        and merchant_id is not null

),

by_merchant as (

    select {{ money('sum(total_amount)') }} as total_amount
    from merchants

),

by_month as (

    select {{ money('sum(success_amount)') }} as dated_amount
    from months

)

select
    by_event.total_amount,
    by_merchant.total_amount as merchant_amount,
    by_event.dated_amount,
    by_month.dated_amount as month_amount
from by_event
cross join by_merchant
cross join by_month
where
    by_event.total_amount <> by_merchant.total_amount
    or by_event.dated_amount <> by_month.dated_amount
