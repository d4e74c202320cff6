with business as (

    select * from {{ ref('int_bnpl_business_by_day') }}

),

credit as (

    select * from {{ ref('int_bnpl_credit_by_day') }}

),

joined as (

    select
        business.date_day,
        business.captured_order_count,
        business.active_customer_count,
        business.active_merchant_count,
        business.new_customer_count,
        business.gmv_amount,
        business.refunded_amount,
        business.commission_amount,
        business.rewards_liability_amount,
        business.net_gmv_amount,
        credit.active_plan_count,
        credit.activated_plan_count,
        credit.decided_assessment_count,
        credit.approved_assessment_count,
        credit.resolved_attempt_count,
        credit.successful_attempt_count,
        credit.activated_amount,
        credit.outstanding_amount,
        credit.receivable_amount,
        true as is_complete_period
    from business
    inner join credit
        on business.date_day = credit.date_day

),

final as (

    select
        *,
        {{ kpi_ratio_columns(kpis_of_grain(bnpl_kpis(), 'daily')) }}
    from joined

)

select * from final
