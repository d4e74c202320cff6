with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

-- No spine: a period for which no file was delivered is unknown, not zero.
measures as (

    select
        activity_date as date_day,
        {{ merchant_activity_measures() }}
    from activities
    where
        activity_date is not null
        and merchant_id is not null
    group by activity_date

),

final as (

    select
        *,
        true as is_complete_period,
        {{ kpi_ratio_columns(kpis_of_grain(merchant_activity_kpis(), 'daily')) }}
    from measures

)

select * from final
