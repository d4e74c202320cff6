-- Nine by behaviour, three each by class of revenue and of profit, nine of both, and all, whether
-- or not a customer is in them.
with counted as (

    select
        segment_type,
        count(*) as segment_count
    from {{ ref('segment_performance') }}
    group by segment_type

)

select *
from counted
where
    segment_count <> case segment_type
        when 'RFM_Segment' then 9
        when 'ABC_Revenue' then 3
        when 'ABC_Profit' then 3
        when 'ABC_Combined' then 9
        when 'All' then 1
        else 0
    end
union all
select
    'segments of all types' as segment_type,
    sum(segment_count) as segment_count
from counted
having coalesce(sum(segment_count), 0) <> 25
