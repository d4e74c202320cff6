{{ config(materialized='table') }}

with date_spine as (

    {{ dbt_utils.date_spine(
        datepart='day',
        start_date="cast('" ~ var('calendar_start_date') ~ "' as date)",
        end_date=add_days("'" ~ var('calendar_end_date') ~ "'", 1)
    ) }}

),

days as (

    select cast(date_day as date) as date_day
    from date_spine

),

final as (

    select
        date_day,
        {{ month_start('date_day') }} as month_start,
        {{ last_day_of_month('date_day') }} as month_end
    from days

)

select * from final
