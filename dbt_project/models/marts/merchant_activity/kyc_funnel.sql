{%- set stages = ['DOCUMENT_SUBMITTED', 'VERIFICATION_COMPLETED', 'TIER_UPGRADE'] -%}

with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

stages as (

    {% for stage in stages %}
    select
        {{ loop.index }} as stage_number,
        '{{ stage }}' as stage
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

reached as (

    select
        event_type as stage,
        cast(count(distinct merchant_id) as bigint) as merchant_count
    from activities
    where
        product = 'KYC'
        and is_success
    group by event_type

),

counted as (

    select
        stages.stage_number,
        stages.stage,
        coalesce(reached.merchant_count, 0) as merchant_count
    from stages
    left join reached
        on stages.stage = reached.stage

),

-- No order in time: a stage counts whenever it was reached.
final as (

    select
        stage_number,
        stage,
        merchant_count,
        {{ ratio(
            'merchant_count',
            'first_value(merchant_count) over (order by stage_number)') }}
            as conversion_from_start_rate,
        {{ ratio('merchant_count', 'lag(merchant_count) over (order by stage_number)') }}
            as conversion_from_previous_rate
    from counted

)

select * from final
