{{ config(materialized='table') }}

with orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

customers as (

    select * from {{ ref('int_bnpl_customers_by_month') }}

),

merchants as (

    select * from {{ ref('int_bnpl_merchants_by_month') }}

),

verifications as (

    select * from {{ ref('int_bnpl_kyc_timed') }}

),

settlements as (

    select * from {{ ref('int_bnpl_settlements_by_month') }}

),

rewards as (

    select * from {{ ref('int_bnpl_rewards_by_day') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

findings as (

    select * from {{ ref('int_bnpl_findings_united') }}

),

audit_events as (

    select * from {{ ref('stg_bnpl__audit_log') }}

),

reports as (

    select * from {{ ref('int_bnpl_payments_reported') }}

),

months as (

    {{ month_spine('bnpl') }}

),

captured as (

    select
        captured_month as month_start,
        {{ bnpl_order_measures() }}
    from orders
    where is_captured
    group by captured_month

),

refunded as (

    select
        {{ month_start('refunded_date') }} as month_start,
        sum(refunded_amount) as refunded_amount
    from refunds
    group by {{ month_start('refunded_date') }}

),

used as (

    select
        month_start,
        {{ count_where('months_since_signup = 0') }} as new_customer_count,
        {{ count_where('is_repeating') }} as repeating_customer_count,
        cast(sum(merchant_count) as bigint) as shopper_pair_count,
        cast(sum(recurring_merchant_count) as bigint) as recurring_shopper_pair_count
    from customers
    group by month_start

),

sold as (

    select
        month_start,
        {{ count_where('was_active') }} as previous_active_merchant_count,
        {{ count_where('is_retained') }} as retained_merchant_count
    from merchants
    group by month_start

),

disputed as (

    select
        {{ month_start('opened_date') }} as month_start,
        cast(count(*) as bigint) as dispute_count
    from disputes
    where opened_date <= {{ as_of_date('bnpl') }}
    group by {{ month_start('opened_date') }}

),

decided as (

    select
        {{ month_start('decided_date') }} as month_start,
        {{ bnpl_kyc_measures() }}
    from verifications
    where is_decided
    group by {{ month_start('decided_date') }}

),

-- Open at the end of the month, whatever became of it later.
pending as (

    select
        months.month_start,
        cast(count(*) as bigint) as pending_count
    from months
    inner join verifications
        on
            months.month_end >= verifications.submitted_date
            and (
                verifications.decided_date is null
                or months.month_end < verifications.decided_date
            )
    where verifications.kyc_status <> 'EXPIRED'
    group by months.month_start

),

earned as (

    select
        month_start,
        sum(earned_amount) as earned_amount,
        sum(redeemed_amount) as redeemed_amount,
        max(date_day) as last_day
    from rewards
    group by month_start

),

rewarded as (

    select
        earned.month_start,
        earned.earned_amount,
        earned.redeemed_amount,
        rewards.liability_amount
    from earned
    inner join rewards
        on earned.last_day = rewards.date_day

),

found as (

    select
        month_start,
        cast(count(*) as bigint) as finding_count,
        {{ count_where("rule in ('AUDIT_EVENT_MISSING', 'STATUS_WITHOUT_EVENT')") }}
            as missing_audit_event_count
    from findings
    group by month_start

),

audited as (

    select
        {{ month_start('occurred_date') }} as month_start,
        cast(count(*) as bigint) as audit_event_count
    from audit_events
    where occurred_date <= {{ as_of_date('bnpl') }}
    group by {{ month_start('occurred_date') }}

),

reported as (

    select
        month_start,
        cast(count(*) as bigint) as aml_report_count
    from reports
    group by month_start

),

joined as (

    select
        months.month_start,
        months.is_complete_period,
        months.months_since_launch,
        coalesce(captured.captured_order_count, 0) as captured_order_count,
        coalesce(captured.active_customer_count, 0) as active_customer_count,
        coalesce(captured.active_merchant_count, 0) as active_merchant_count,
        coalesce(used.new_customer_count, 0) as new_customer_count,
        coalesce(used.repeating_customer_count, 0) as repeating_customer_count,
        coalesce(used.shopper_pair_count, 0) as shopper_pair_count,
        coalesce(used.recurring_shopper_pair_count, 0) as recurring_shopper_pair_count,
        coalesce(sold.previous_active_merchant_count, 0) as previous_active_merchant_count,
        coalesce(sold.retained_merchant_count, 0) as retained_merchant_count,
        coalesce(disputed.dispute_count, 0) as dispute_count,
        coalesce(decided.decided_count, 0) as kyc_decided_count,
        coalesce(decided.approved_count, 0) as kyc_approved_count,
        coalesce(pending.pending_count, 0) as kyc_pending_count,
        settlements.paid_settlement_count,
        settlements.past_due_settlement_count,
        settlements.judged_settlement_count,
        settlements.settlement_lag_days,
        coalesce(found.finding_count, 0) as finding_count,
        coalesce(audited.audit_event_count, 0) as audit_event_count,
        coalesce(audited.audit_event_count, 0) + coalesce(found.missing_audit_event_count, 0)
            as expected_audit_event_count,
        coalesce(reported.aml_report_count, 0) as aml_report_count,
        {{ money('captured.gmv_amount') }} as gmv_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount,
        {{ money('captured.commission_amount') }} as commission_amount,
        settlements.settled_amount,
        settlements.past_due_settlement_amount,
        {{ money('rewarded.earned_amount') }} as rewards_earned_amount,
        {{ money('rewarded.redeemed_amount') }} as rewards_redeemed_amount,
        {{ money('rewarded.liability_amount') }} as rewards_liability_amount,
        decided.median_decision_hours as kyc_median_decision_hours
    from months
    inner join settlements
        on months.month_start = settlements.month_start
    left join captured
        on months.month_start = captured.month_start
    left join refunded
        on months.month_start = refunded.month_start
    left join used
        on months.month_start = used.month_start
    left join sold
        on months.month_start = sold.month_start
    left join disputed
        on months.month_start = disputed.month_start
    left join decided
        on months.month_start = decided.month_start
    left join pending
        on months.month_start = pending.month_start
    left join rewarded
        on months.month_start = rewarded.month_start
    left join found
        on months.month_start = found.month_start
    left join audited
        on months.month_start = audited.month_start
    left join reported
        on months.month_start = reported.month_start

),

final as (

    select
        *,
        {{ money('gmv_amount - refunded_amount') }} as net_gmv_amount
    from joined

)

select * from final
