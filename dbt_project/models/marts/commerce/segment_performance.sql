{%- set classes = ['A', 'B', 'C'] -%}

with customers as (

    select * from {{ ref('customer_master') }}

),

rfm_segments as (

    select distinct rfm_segment from {{ ref('rfm_segments') }}

),

-- All 25 there can be, whether or not a customer is in them.
segments as (

    select
        'RFM_Segment' as segment_type,
        rfm_segment as segment_name
    from rfm_segments
    {% for class in classes %}
    union all
    select
        'ABC_Revenue' as segment_type,
        '{{ class }}' as segment_name
    union all
    select
        'ABC_Profit' as segment_type,
        '{{ class }}' as segment_name
    {% for other in classes %}
    union all
    select
        'ABC_Combined' as segment_type,
        '{{ class ~ other }}' as segment_name
    {% endfor %}
    {% endfor %}
    union all
    select
        'All' as segment_type,
        'All' as segment_name

),

memberships as (

    select
        segments.segment_type,
        segments.segment_name,
        customers.customer,
        customers.monetary,
        customers.frequency,
        customers.profitability,
        customers.margin_percent
    from segments
    left join customers
        on segments.segment_name = case segments.segment_type
            when 'RFM_Segment' then customers.rfm_segment
            when 'ABC_Revenue' then customers.abc_revenue
            when 'ABC_Profit' then customers.abc_profit
            when 'ABC_Combined' then customers.abc_combined
            else 'All'
        end

),

summed as (

    select
        segment_type,
        segment_name,
        cast(count(customer) as bigint) as customer_count,
        {{ money('sum(monetary)', 4) }} as monetary_sum,
        {{ money('sum(profitability)', 4) }} as profitability_sum,
        cast(coalesce(sum(frequency), 0) as bigint) as frequency_sum,
        {{ ratio('sum(margin_percent)', 'count(margin_percent)') }} as margin_percent_simple_mean
    from memberships
    group by segment_type, segment_name

),

final as (

    select
        segment_type,
        segment_name,
        customer_count,
        monetary_sum,
        {{ ratio('monetary_sum', 'customer_count') }} as monetary_mean,
        profitability_sum,
        '{{ currency_of("commerce") }}' as currency_code,
        frequency_sum,
        {{ ratio('frequency_sum', 'customer_count') }} as frequency_mean,
        {{ ratio('monetary_sum', 'sum(monetary_sum) over (partition by segment_type)') }}
            as revenue_percentage,
        {{ ratio('profitability_sum', 'sum(profitability_sum) over (partition by segment_type)') }}
            as profit_percentage,
        {{ ratio(
            'profitability_sum', 'case when monetary_sum > 0 then monetary_sum end'
        ) }} as margin_percent_mean,
        margin_percent_simple_mean,
        {{ as_of_date('commerce') }} as as_of_date
    from summed

)

select * from final
