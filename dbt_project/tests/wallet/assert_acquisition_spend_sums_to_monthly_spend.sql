-- Spend and sign-ups by source sum to the month's: no source is dropped, none counted twice.
with acquisition as (

    select * from {{ ref('acquisition_monthly') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

),

source_sums as (

    select
        month_start,
        sum(marketing_spend_amount) as marketing_spend_amount,
        sum(new_user_count) as new_user_count,
        sum(activated_user_count) as activated_user_count
    from acquisition
    group by month_start

)

select
    monthly_metrics.month_start,
    monthly_metrics.marketing_spend_amount as monthly_spend_amount,
    source_sums.marketing_spend_amount as source_spend_amount
from monthly_metrics
left join source_sums
    on monthly_metrics.month_start = source_sums.month_start
where
    source_sums.month_start is null
    or monthly_metrics.marketing_spend_amount <> source_sums.marketing_spend_amount
    or monthly_metrics.new_user_count <> source_sums.new_user_count
    or monthly_metrics.activated_user_count <> source_sums.activated_user_count
