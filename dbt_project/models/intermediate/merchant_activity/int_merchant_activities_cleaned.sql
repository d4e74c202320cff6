{{ config(materialized='table') }}

with activities as (

    select * from {{ ref('stg_merchant_activity__activities') }}

),

final as (

    select
        event_id,
        merchant_id,
        product,
        event_type,
        activity_status,
        channel,
        region,
        merchant_tier,
        file_name,
        line_number,
        -- An amount that is no number counts as 0.00 and the row stays.
        coalesce(amount, cast(0 as numeric(20, 2))) as amount,
        coalesce(activity_status = 'SUCCESS', false) as is_success,
        coalesce(activity_status = 'FAILED', false) as is_failed,
        amount is not null as has_valid_amount,
        event_local_at is not null as has_valid_timestamp,
        coalesce(activity_date <> file_date, false) as is_dated_another_day,
        coalesce(trim(event_timestamp_text), '') = '' as has_empty_timestamp,
        -- A row dated after the as-of day keeps its timestamp but enters no dated result.
        case when activity_date <= {{ as_of_date('merchant_activity') }} then activity_date end
            as activity_date,
        event_local_at,
        file_date
    from activities
    where
        not is_duplicate
        and file_date <= {{ as_of_date('merchant_activity') }}

)

select * from final
