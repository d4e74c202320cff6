-- A cohort is the new users of its month, in every month it is watched; and every month with new
-- users has a cohort.
with cohort_retention as (

    select * from {{ ref('cohort_retention_monthly') }}

),

monthly_metrics as (

    select * from {{ ref('wallet_monthly_metrics') }}

)

select
    monthly_metrics.month_start,
    cohort_retention.month_number,
    monthly_metrics.new_user_count,
    cohort_retention.cohort_user_count
from monthly_metrics
left join cohort_retention
    on monthly_metrics.month_start = cohort_retention.cohort_month
where coalesce(cohort_retention.cohort_user_count, 0) <> monthly_metrics.new_user_count
