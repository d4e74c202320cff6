with activities as (

    select * from {{ ref('int_merchant_activities_cleaned') }}

),

-- No spine: a period for which no file was delivered is unknown, not zero.
measures as (

    select
        {{ month_start('activity_date') }} as month_start,
        {{ merchant_activity_measures() }}
    from activities
    where
        activity_date is not null
        and merchant_id is not null
    group by {{ month_start('activity_date') }}

),

final as (

    select
        *,
        {{ last_day_of_month('month_start') }}
        <= {{ as_of_date('merchant_activity') }} as is_complete_period,
        {{ kpi_ratio_columns(kpis_of_grain(merchant_activity_kpis(), 'monthly')) }}
    from measures

)

select * from final
