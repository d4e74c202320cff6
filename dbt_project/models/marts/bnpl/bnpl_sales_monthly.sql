{%- set kpis = bnpl_business_kpis() %}

with orders as (

    select * from {{ ref('int_bnpl_orders_enriched') }}

),

refunds as (

    select * from {{ ref('int_bnpl_refunds_dated') }}

),

months as (

    {{ month_spine('bnpl') }}

),

captured as (

    select
        captured_month as month_start,
        plan_type,
        channel,
        category_name,
        {{ bnpl_order_measures() }}
    from orders
    where is_captured
    group by captured_month, plan_type, channel, category_name

),

{{ bnpl_refunded_by_month(['plan_type', 'channel', 'category_name']) }},

-- A month may have refunds of sales that it has none of.
joined as (

    select
        coalesce(captured.month_start, refunded.month_start) as month_start,
        coalesce(captured.plan_type, refunded.plan_type) as plan_type,
        coalesce(captured.channel, refunded.channel) as channel,
        coalesce(captured.category_name, refunded.category_name) as category_name,
        coalesce(captured.captured_order_count, 0) as captured_order_count,
        coalesce(captured.active_customer_count, 0) as customer_count,
        {{ money('captured.gmv_amount') }} as gmv_amount,
        {{ money('refunded.refunded_amount') }} as refunded_amount,
        {{ money('captured.commission_amount') }} as commission_amount
    from captured
    full outer join refunded
        on
            captured.month_start = refunded.month_start
            and captured.plan_type = refunded.plan_type
            and captured.channel = refunded.channel
            and captured.category_name = refunded.category_name

),

final as (

    select
        joined.month_start,
        joined.plan_type,
        joined.channel,
        joined.category_name,
        joined.captured_order_count,
        joined.customer_count,
        joined.gmv_amount,
        joined.refunded_amount,
        {{ money('joined.gmv_amount - joined.refunded_amount') }} as net_gmv_amount,
        joined.commission_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        {{ kpi_ratio(kpis, 'bnpl_aov', 'joined') }} as aov,
        {{ kpi_ratio(kpis, 'bnpl_refund_rate', 'joined') }} as refund_rate,
        months.is_complete_period
    from joined
    inner join months
        on joined.month_start = months.month_start

)

select * from final
