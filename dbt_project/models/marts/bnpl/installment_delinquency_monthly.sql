with statuses as (

    select * from {{ ref('int_bnpl_plan_status_by_month_end') }}

),

measures as (

    select
        month_start,
        snapshot_date,
        plan_type,
        delinquency_bucket,
        is_complete_period,
        {{ delinquency_measures() }},
        {{ money('sum(receivable_amount)') }} as receivable_amount
    from statuses
    where is_active
    group by month_start, snapshot_date, plan_type, delinquency_bucket, is_complete_period

),

totals as (

    select
        month_start,
        plan_type,
        sum(outstanding_amount) as total_outstanding_amount
    from measures
    group by month_start, plan_type

),

final as (

    select
        measures.month_start,
        measures.snapshot_date,
        measures.plan_type,
        measures.delinquency_bucket,
        measures.active_plan_count,
        measures.active_customer_count as customer_count,
        measures.disputed_plan_count,
        measures.outstanding_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        measures.receivable_amount,
        measures.disputed_amount,
        {{ money('totals.total_outstanding_amount') }} as total_outstanding_amount,
        {{ ratio('measures.outstanding_amount', 'totals.total_outstanding_amount') }}
            as outstanding_share,
        measures.is_complete_period
    from measures
    inner join totals
        on
            measures.month_start = totals.month_start
            and measures.plan_type = totals.plan_type

)

select * from final
