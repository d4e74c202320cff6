with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

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
        amount,
        '{{ var("domains")["merchant_activity"]["currency"] }}' as currency_code,
        is_success,
        is_failed,
        has_valid_amount,
        has_valid_timestamp,
        is_dated_another_day,
        activity_date,
        event_local_at,
        file_date,
        file_name,
        line_number
    from activities

)

select * from final
