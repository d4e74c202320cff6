{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

user_days as (

    select * from {{ ref('int_wallet_user_days') }}

),

users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

churned_users as (

    select * from {{ ref('int_wallet_churned_users_by_month') }}

),

retention as (

    select * from {{ ref('int_wallet_retention_by_signup_day') }}

),

downtime as (

    select * from {{ ref('int_service_downtime_by_day') }}

),

bank_months as (

    select * from {{ ref('int_bank_months') }}

),

marketing_spend as (

    select * from {{ ref('stg_wallet__marketing_spend') }}

),

operating_costs as (

    select * from {{ ref('stg_wallet__operating_costs') }}

),

months as (

    {{ month_spine('wallet') }}

),

transaction_measures as (

    select
        transaction_month,
        {{ wallet_transaction_measures() }}
    from transactions
    group by transaction_month

),

daily_senders as (

    select
        {{ month_start('activity_date') }} as month_start,
        {{ count_where('sent_count > 0') }} as daily_active_user_sum
    from user_days
    group by {{ month_start('activity_date') }}

),

activity as (

    select
        {{ month_start('activity_date') }} as month_start,
        cast(count(distinct user_id) as bigint) as activity_user_count
    from user_days
    where activity_count > 0
    group by {{ month_start('activity_date') }}

),

signups as (

    select
        cohort_month,
        cast(count(*) as bigint) as new_user_count,
        cast(count(referrer_user_id) as bigint) as referred_user_count,
        {{ count_where('is_activation_due') }} as activation_due_user_count,
        {{ count_where('is_activated') }} as activated_user_count
    from users
    group by cohort_month

),

retention_months as (

    select
        {{ month_start('signup_date') }} as cohort_month,
        -- noqa: disable=LT02
        {% for day_number in [1, 7, 30] %}
        cast(sum(case when day_number = {{ day_number }} then eligible_user_count end) as bigint)
            as retention_d{{ day_number }}_eligible_count,
        cast(sum(case when day_number = {{ day_number }} then retained_user_count end) as bigint)
            as retention_d{{ day_number }}_retained_count{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from retention
    group by {{ month_start('signup_date') }}

),

platform_downtime as (

    select
        month_start,
        cast(count(*) as bigint) as day_count,
        cast(sum(period_seconds) as bigint) as period_seconds,
        cast(sum(downtime_seconds) as numeric(18, 6)) as downtime_seconds
    from downtime
    where service = 'all_services'
    group by month_start

),

bank_fees as (

    select
        month_start,
        {{ money('sum(bank_fee_amount)') }} as bank_fee_amount
    from bank_months
    group by month_start

),

spend as (

    select
        {{ month_start('spend_date') }} as spend_month,
        {{ money('sum(spend_amount)') }} as marketing_spend_amount
    from marketing_spend
    where spend_date <= {{ as_of_date('wallet') }}
    group by {{ month_start('spend_date') }}

),

costs as (

    select
        cost_month,
        {{ money('sum(cost_amount)') }} as operating_cost_amount,
        {{ money('sum(case when is_cogs then cost_amount end)') }} as cogs_amount
    from operating_costs
    group by cost_month

),

-- What no table has ever had a row of is unknown, not zero.
evidence as (

    select
        (select max(fraud_case_count) from transactions) > 0 as has_fraud_cases,
        (select max(case when bank_code <> 'UNASSIGNED' then 1 else 0 end) from bank_months) > 0
            as has_banks,
        (select count(*) from marketing_spend) > 0 as has_spend,
        (select count(*) from operating_costs) > 0 as has_costs

),

joined as (

    select
        months.month_start,
        months.is_complete_period,
        months.months_since_launch,
        coalesce(transaction_measures.transaction_count, 0) as transaction_count,
        coalesce(transaction_measures.completed_transaction_count, 0)
            as completed_transaction_count,
        coalesce(transaction_measures.failed_transaction_count, 0) as failed_transaction_count,
        {{ wallet_fraud_measures() }},
        months.is_complete_period and ({{ is_mature(
            'transaction_measures.fraud_undecided_transaction_count', 'months.month_end', 'wallet'
        ) }}) as is_fraud_complete,
        coalesce(transaction_measures.active_user_count, 0) as mau,
        lag(coalesce(transaction_measures.active_user_count, 0)) over (
            order by months.month_start
        ) as previous_mau,
        coalesce(activity.activity_user_count, 0) as activity_user_count,
        coalesce(daily_senders.daily_active_user_sum, 0) as daily_active_user_sum,
        platform_downtime.day_count,
        coalesce(signups.new_user_count, 0) as new_user_count,
        -- The wallet's life begins with its first sign-up, so the sum holds everybody.
        cast(
            sum(coalesce(signups.new_user_count, 0)) over (
                order by months.month_start
                rows between unbounded preceding and current row
            ) as bigint
        ) as total_user_count,
        coalesce(signups.referred_user_count, 0) as referred_user_count,
        coalesce(signups.activation_due_user_count, 0) as activation_due_user_count,
        coalesce(signups.activated_user_count, 0) as activated_user_count,
        -- Whether a user of last month is gone is known when this month is over.
        case
            when months.is_complete_period
                then coalesce(churned_users.churned_user_count, 0)
        end as churned_user_count,
        {% for day_number in [1, 7, 30] %}
        coalesce(retention_months.retention_d{{ day_number }}_eligible_count, 0)
            as retention_d{{ day_number }}_eligible_count,
        coalesce(retention_months.retention_d{{ day_number }}_retained_count, 0)
            as retention_d{{ day_number }}_retained_count,
        {% endfor %}
        coalesce(transaction_measures.transaction_amount, 0) as transaction_amount,
        coalesce(transaction_measures.completed_amount, 0) as completed_amount,
        transaction_measures.median_transaction_amount,
        transaction_measures.median_completed_transaction_amount,
        coalesce(transaction_measures.processing_time_ms_sum, 0) as processing_time_ms_sum,
        coalesce(transaction_measures.processed_transaction_count, 0)
            as processed_transaction_count,
        transaction_measures.median_processing_time_ms,
        transaction_measures.p95_processing_time_ms,
        coalesce(transaction_measures.revenue_amount, 0) as revenue_amount,
        {{ where_known(
            'evidence.has_banks', 'coalesce(bank_fees.bank_fee_amount, 0)', 'numeric(20, 2)'
        ) }} as bank_fee_amount,
        {{ where_known(
            'evidence.has_spend', 'coalesce(spend.marketing_spend_amount, 0)', 'numeric(20, 2)'
        ) }} as marketing_spend_amount,
        {{ where_known(
            'evidence.has_costs', accrued('costs.operating_cost_amount', 'wallet'), 'numeric(20, 2)'
        ) }} as operating_cost_amount,
        {{ where_known(
            'evidence.has_costs', accrued('costs.cogs_amount', 'wallet'), 'numeric(20, 2)'
        ) }} as cogs_amount,
        platform_downtime.period_seconds,
        cast(
            platform_downtime.period_seconds - platform_downtime.downtime_seconds as numeric(18, 6)
        ) as uptime_seconds
    from months
    cross join evidence
    left join transaction_measures
        on months.month_start = transaction_measures.transaction_month
    left join daily_senders
        on months.month_start = daily_senders.month_start
    left join activity
        on months.month_start = activity.month_start
    left join signups
        on months.month_start = signups.cohort_month
    left join churned_users
        on months.month_start = churned_users.churn_month
    left join retention_months
        on months.month_start = retention_months.cohort_month
    left join platform_downtime
        on months.month_start = platform_downtime.month_start
    left join bank_fees
        on months.month_start = bank_fees.month_start
    left join spend
        on months.month_start = spend.spend_month
    left join costs
        on months.month_start = costs.cost_month

),

amounts as (

    select
        *,
        -- Growth and churn speak of complete months only.
        case when is_complete_period then mau - previous_mau end as mau_change,
        case when is_complete_period then previous_mau end as complete_previous_mau,
        case when is_complete_period then new_user_count end as total_user_change,
        case when is_complete_period then total_user_count - new_user_count end
            as complete_previous_total_user_count,
        cast(revenue_amount + bank_fee_amount as numeric(20, 2)) as revenue_total_amount,
        cast(revenue_amount - cogs_amount as numeric(20, 2)) as gross_profit_amount,
        cast(operating_cost_amount + marketing_spend_amount - revenue_amount as numeric(20, 2))
            as burn_amount,
        cast(revenue_amount + bank_fee_amount - cogs_amount as numeric(20, 2))
            as gross_profit_total_amount,
        cast(
            operating_cost_amount + marketing_spend_amount - revenue_amount - bank_fee_amount
            as numeric(20, 2)
        ) as burn_total_amount,
        revenue_amount * {{ var('wallet_customer_lifetime_months') }} as lifetime_revenue_amount,
        -- Null, not 0, where there is no margin or no acquisition to divide by.
        case when revenue_amount > 0 then revenue_amount - cogs_amount end
            as gross_profit_on_revenue_amount,
        nullif(new_user_count, 0) as acquired_user_count
    from joined

),

-- Ratios of ratios keep exact parts: rpu x margin = gross profit / MAU, LTV / CAC is
-- lifetime revenue x new users / (MAU x spend), and CAC / (rpu x margin) is
-- spend x MAU / (new users x gross profit).
parts as (

    select
        *,
        gross_profit_on_revenue_amount * complete_previous_mau as ltv_observed_numerator,
        mau * churned_user_count as ltv_observed_denominator,
        lifetime_revenue_amount * acquired_user_count as ltv_cac_numerator,
        marketing_spend_amount * mau as ltv_cac_denominator,
        gross_profit_on_revenue_amount * complete_previous_mau * acquired_user_count
            as ltv_cac_observed_numerator,
        mau * churned_user_count * marketing_spend_amount as ltv_cac_observed_denominator,
        -- A user who earns nothing never pays back what the acquisition cost.
        case
            when gross_profit_on_revenue_amount > 0
                then gross_profit_on_revenue_amount * acquired_user_count
        end as ltv_payback_denominator
    from amounts

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(wallet_kpis(), 'monthly')) }}
    from parts

)

select * from final
