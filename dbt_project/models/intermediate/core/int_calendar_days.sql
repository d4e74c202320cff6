{{ config(materialized='table') }}

with domain_periods as (

    select * from {{ ref('int_domain_periods') }}

),

-- Whole years: from that of the first day of any domain to some years after its last; of the build
-- while there is no data.
bounds as (

    select
        cast(
            date_trunc('year', coalesce(min(first_date), {{ build_started_at() }})) as date
        ) as first_day,
        cast(date_trunc('year', {{ add_months(
            'coalesce(max(as_of_date), max(first_date), ' ~ build_started_at() ~ ')',
            12 * (var('calendar_years_ahead') + 1)) }}) as date) as day_after
    from domain_periods

),

-- 179 years: a calendar that does not reach the as-of date fails its test.
series as (

    {{ dbt_utils.generate_series(65536) }}

),

numbers as (

    select cast(generated_number - 1 as integer) as day_number
    from series

),

days as (

    select {{ add_days('bounds.first_day', 'numbers.day_number') }} as date_day
    from bounds
    cross join numbers
    where numbers.day_number < {{ days_between('bounds.first_day', 'bounds.day_after') }}

),

final as (

    select
        date_day,
        {{ month_start('date_day') }} as month_start,
        {{ last_day_of_month('date_day') }} as month_end
    from days

)

select * from final
