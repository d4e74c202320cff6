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

missing_files as (

    select * from {{ ref('int_files_missing_by_period') }}
    where
        domain = 'merchant_activity'
        and period_grain = 'day'

),

final as (

    select
        measures.*,
        missing_files.period_start is null as is_complete_period,
        {{ kpi_ratio_columns(kpis_of_grain(merchant_activity_kpis(), 'daily')) }}
    from measures
    left join missing_files
        on measures.date_day = missing_files.period_start

)

select * from final
