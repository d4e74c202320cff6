with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

counts as (

    select
        product,
        {{ count_where('is_success') }} as success_count,
        {{ count_where('is_failed') }} as failed_count
    from activities
    where
        product is not null
        -- An empty merchant_id is no merchant, and its activity is none of a merchant's.
        and merchant_id is not null
    group by product

),

-- PENDING is in neither: it has not failed yet.
final as (

    select
        product,
        success_count,
        failed_count,
        {{ kpi_ratio(merchant_activity_kpis(), 'merchant_failure_rate') }} as failure_rate
    from counts

)

select * from final
