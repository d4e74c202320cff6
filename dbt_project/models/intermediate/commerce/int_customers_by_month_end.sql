{{ config(materialized='table') }}

with customer_orders as (

    select * from {{ ref('int_customer_orders') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

months as (

    {{ month_spine('commerce') }}

),

-- The running month is seen from the as-of day.
cut_offs as (

    select
        month_start,
        is_complete_period,
        least(month_end, {{ as_of_date('commerce') }}) as cut_off_date
    from months

),

seen as (

    select
        cut_offs.month_start,
        cut_offs.is_complete_period,
        cut_offs.cut_off_date,
        customer_orders.customer,
        min(customer_orders.posting_date) as first_order_date,
        max(case when customer_orders.is_purchase then customer_orders.posting_date end)
            as last_order_date,
        cast(
            count(
                distinct case
                    when customer_orders.is_purchase then customer_orders.order_number
                end
            ) as bigint
        ) as frequency,
        {{ money('sum(customer_orders.net_sales)', 4) }} as monetary,
        {{ money('sum(customer_orders.gross_margin)', 4) }} as profitability,
        cast(
            count(
                distinct case
                    when
                        customer_orders.is_purchase
                        and customer_orders.posting_date
                        > {{ add_days('cut_offs.cut_off_date', -365) }}
                        then customer_orders.order_number
                end
            ) as bigint
        ) as frequency_12m,
        {{ money(
            'sum(case when customer_orders.posting_date > '
            ~ add_days('cut_offs.cut_off_date', -365) ~ ' then customer_orders.net_sales end)', 4
        ) }} as monetary_12m
    from cut_offs
    inner join customer_orders
        on cut_offs.cut_off_date >= customer_orders.posting_date
    group by
        cut_offs.month_start,
        cut_offs.is_complete_period,
        cut_offs.cut_off_date,
        customer_orders.customer

),

measured as (

    select
        *,
        {{ days_between('last_order_date', 'cut_off_date') }} as recency,
        last_order_date is not null as has_bought,
        frequency_12m > 0 as has_bought_in_year
    from seen

),

-- Ranks are among those who have a value at all; whoever has none gets the lowest score.
ranked as (

    select
        *,
        {{ quantile_class(5, 'recency desc', 'month_start, has_bought') }} as recency_rank,
        {{ quantile_class(5, 'frequency_12m', 'month_start, has_bought_in_year') }}
            as frequency_rank,
        {{ quantile_class(5, 'monetary_12m', 'month_start, has_bought_in_year') }}
            as monetary_rank,
        {{ abc_class('monetary', 'customer', 'month_start') }} as abc_revenue,
        {{ abc_class('profitability', 'customer', 'month_start') }} as abc_profit
    from measured

),

scored as (

    select
        *,
        case when has_bought then recency_rank else 1 end as r,
        case when has_bought_in_year then frequency_rank else 1 end as f,
        case when has_bought_in_year then monetary_rank else 1 end as m
    from ranked

),

final as (

    select
        scored.month_start,
        scored.is_complete_period,
        scored.cut_off_date,
        scored.customer,
        scored.first_order_date,
        scored.last_order_date,
        scored.recency,
        scored.frequency,
        scored.monetary,
        scored.profitability,
        scored.frequency_12m,
        scored.monetary_12m,
        scored.r,
        scored.f,
        scored.m,
        100 * scored.r + 10 * scored.f + scored.m as rfm_score,
        segments.rfm_segment,
        scored.abc_revenue,
        scored.abc_profit,
        scored.abc_revenue || scored.abc_profit as abc_combined
    from scored
    inner join segments
        on
            scored.r = segments.recency_score
            and cast(floor((scored.f + scored.m + 1) / 2.0) as integer) = segments.value_score

)

select * from final
