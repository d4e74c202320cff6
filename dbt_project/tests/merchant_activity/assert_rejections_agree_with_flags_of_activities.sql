-- The rejections that are reported by file are the flags that activities carry.
with rejections as (

    select * from {{ ref('activity_rejections') }}

),

activities as (

    select * from {{ ref('fct_activities') }}

),

reported as (

    select
        coalesce(sum(case when reason = 'empty_merchant_id' then rejection_count end), 0)
            as merchant_count,
        coalesce(sum(case when reason = 'amount_not_a_number' then rejection_count end), 0)
            as amount_count,
        coalesce(sum(
            case
                when reason in ('empty_timestamp', 'timestamp_not_a_date') then rejection_count
            end
        ), 0) as timestamp_count,
        coalesce(sum(case when reason = 'timestamp_of_another_day' then rejection_count end), 0)
            as other_day_count
    from rejections

),

flagged as (

    select
        {{ count_where('merchant_id is null') }} as merchant_count,
        {{ count_where('not has_valid_amount') }} as amount_count,
        {{ count_where('not has_valid_timestamp') }} as timestamp_count,
        {{ count_where('is_dated_another_day') }} as other_day_count
    from activities

)

select
    reported.merchant_count,
    flagged.merchant_count as flagged_merchant_count
from reported
cross join flagged
where
    reported.merchant_count <> flagged.merchant_count
    or reported.amount_count <> flagged.amount_count
    or reported.timestamp_count <> flagged.timestamp_count
    or reported.other_day_count <> flagged.other_day_count
