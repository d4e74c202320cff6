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
        case
            when product <> 'KYC' then null
            when event_type = 'DOCUMENT_SUBMITTED' then '1 Document submitted'
            when event_type = 'VERIFICATION_COMPLETED' then '2 Verification completed'
            when event_type = 'TIER_UPGRADE' then '3 Tier upgrade'
        end as kyc_stage,
        channel,
        region,
        merchant_tier,
        amount,
        '{{ currency_of("merchant_activity") }}' as currency_code,
        is_success,
        is_failed,
        has_valid_amount,
        has_valid_timestamp,
        is_dated_another_day,
        activity_date,
        event_local_at,
        file_date,
        file_name,
        line_number,
        coalesce(
            {{ is_period_over('month', 'activity_date', as_of_date('merchant_activity')) }}, false
        ) as is_complete_month
    from activities

)

select * from final
