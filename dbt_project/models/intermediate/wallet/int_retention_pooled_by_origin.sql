{{ config(materialized='table') }}

-- A rate that one small cohort alone has shown is no curve.
{%- set least_cohorts = var('wallet_projection_least_cohorts') -%}
{%- set tail_months = var('wallet_projection_tail_months') -%}
{%- set double = type_double() %}

with cohort_months as (

    select * from {{ ref('int_wallet_cohort_months') }}
    where is_complete_period

),

origins as (

    select distinct activity_month as origin_month
    from cohort_months

),

-- What was known at the end of the origin month: cohorts are watched up to it, and no further.
pooled as (

    select
        origins.origin_month,
        cohort_months.month_number,
        cast(count(*) as bigint) as cohort_count,
        cast(sum(cohort_months.cohort_user_count) as bigint) as cohort_user_count,
        cast(sum(cohort_months.active_user_count) as bigint) as active_user_count
    from origins
    inner join cohort_months
        on origins.origin_month >= cohort_months.activity_month
    group by origins.origin_month, cohort_months.month_number

),

measured as (

    select
        *,
        {{ ratio('active_user_count', 'cohort_user_count') }} as retention_rate,
        max(month_number) over (partition by origin_month) as last_month_number
    from pooled
    where cohort_count >= {{ least_cohorts }}

),

-- The sign-up month is no part of the tail: what is lost after it is lost at once.
tails as (

    select
        *,
        case
            when last_month_number - 1 < {{ tail_months }} then last_month_number - 1
            else {{ tail_months }}
        end as tail_month_count
    from measured

),

ends as (

    select
        origin_month,
        max(tail_month_count) as tail_month_count,
        max(case when month_number = last_month_number then retention_rate end) as last_rate,
        max(
            case when month_number = last_month_number - tail_month_count then retention_rate end
        ) as first_rate
    from tails
    group by origin_month

),

-- Who is still there is never expected to become more.
survival as (

    select
        origin_month,
        case
            when tail_month_count > 0 and first_rate > 0 and last_rate < first_rate
                then {{ to_scale(
                    'power(cast(last_rate as ' ~ double ~ ') / cast(first_rate as ' ~ double
                    ~ '), cast(1 as ' ~ double ~ ') / tail_month_count)', 8) }}
            else cast(1 as numeric(26, 8))
        end as monthly_survival_rate
    from ends

),

final as (

    select
        tails.origin_month,
        tails.month_number,
        tails.cohort_count,
        tails.cohort_user_count,
        tails.active_user_count,
        tails.retention_rate,
        tails.last_month_number,
        cast(survival.monthly_survival_rate as numeric(26, 8)) as monthly_survival_rate
    from tails
    inner join survival
        on tails.origin_month = survival.origin_month
    -- Sign-up months alone say nothing of who stays.
    where tails.last_month_number >= 1

)

select * from final
