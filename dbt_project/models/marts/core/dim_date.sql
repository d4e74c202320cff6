with calendar_days as (

    select * from {{ ref('int_calendar_days') }}

),

final as (

    select
        date_day,
        month_start,
        month_end,
        {{ month_start('month_end') }} = date_day as is_month_start,
        month_end = date_day as is_month_end,
        cast(extract(year from date_day) as integer) as calendar_year,
        cast(extract(quarter from date_day) as integer) as calendar_quarter,
        cast(extract(month from date_day) as integer) as calendar_month,
        cast(extract(day from date_day) as integer) as day_of_month,
        {{ iso_day_of_week('date_day') }} as day_of_week,
        {{ iso_day_of_week('date_day') }} >= 6 as is_weekend
    from calendar_days

)

select * from final
