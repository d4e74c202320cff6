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

missing_files as (

    select * from {{ ref('int_files_missing_by_period') }}
    where
        domain = 'merchant_activity'
        and period_grain = 'month'

),

final as (

    select
        measures.*,
        missing_files.period_start is null
        and {{ last_day_of_month('measures.month_start') }}
        <= {{ as_of_date('merchant_activity') }} as is_complete_period,
        {{ kpi_ratio_columns(kpis_of_grain(merchant_activity_kpis(), 'monthly')) }}
    from measures
    left join missing_files
        on measures.month_start = missing_files.period_start

)

select * from final
