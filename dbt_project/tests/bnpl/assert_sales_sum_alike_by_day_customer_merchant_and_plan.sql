-- Gross value and refunds of each month are the same by day, customer, merchant and plan type: no
-- order is lost or doubled on its way into one of them. A merchant or customer that the source
-- records only after a sale would break it, too.
{{ config(tags=['exact_values']) }}

with months as (

    select
        month_start,
        gmv_amount,
        refunded_amount
    from {{ ref('int_bnpl_metrics_monthly') }}

),

split as (

    select
        'day' as split_by,
        {{ month_start('date_day') }} as month_start,
        gmv_amount,
        refunded_amount
    from {{ ref('int_bnpl_metrics_daily') }}
    union all
    select
        'customer' as split_by,
        month_start,
        gmv_amount,
        refunded_amount
    from {{ ref('user_behavior_monthly') }}
    union all
    select
        'merchant' as split_by,
        month_start,
        gmv_amount,
        refunded_amount
    from {{ ref('merchant_performance_monthly') }}
    union all
    select
        'plan type' as split_by,
        month_start,
        gmv_amount,
        refunded_amount
    from {{ ref('bnpl_sales_monthly') }}

),

summed as (

    select
        split_by,
        month_start,
        sum(gmv_amount) as gmv_amount,
        sum(refunded_amount) as refunded_amount
    from split
    group by split_by, month_start

)

select
    months.month_start,
    summed.split_by,
    months.gmv_amount,
    summed.gmv_amount as split_gmv_amount,
    months.refunded_amount,
    summed.refunded_amount as split_refunded_amount
from months
inner join summed
    on months.month_start = summed.month_start
where
    months.gmv_amount <> summed.gmv_amount
    or months.refunded_amount <> summed.refunded_amount
