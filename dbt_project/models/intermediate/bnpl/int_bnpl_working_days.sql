{{ config(materialized='table') }}

with days as (

    select * from {{ ref('int_calendar_days') }}

),

holidays as (

    select * from {{ ref('bnpl_holidays') }}

),

marked as (

    select
        days.date_day,
        {{ iso_day_of_week('days.date_day') }} <= 5 and holidays.holiday_date is null
            as is_working_day
    from days
    left join holidays
        on days.date_day = holidays.holiday_date

),

numbered as (

    select
        *,
        cast(sum(case when is_working_day then 1 else 0 end) over (
            order by date_day rows between unbounded preceding and current row
        ) as integer) as working_day_number
    from marked

),

-- What is due on a day off is due on the next working day.
final as (

    select
        date_day,
        is_working_day,
        working_day_number,
        working_day_number + case when is_working_day then 0 else 1 end as due_working_day_number
    from numbered

)

select * from final
