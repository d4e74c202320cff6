{{ config(materialized='table') }}

with rates as (

    select * from {{ ref('fx_rates_monthly') }}

),

calendar_days as (

    select * from {{ ref('int_calendar_days') }}

),

months as (

    select distinct month_start
    from calendar_days

),

quoted as (

    select
        currency_code,
        rate_month,
        units_per_usd,
        lead(rate_month) over (partition by currency_code order by rate_month) as next_rate_month
    from rates

),

-- A month without a quote of its own carries the last known one and says so.
carried as (

    select
        quoted.currency_code,
        months.month_start as rate_month,
        quoted.rate_month as quoted_month,
        quoted.units_per_usd,
        quoted.rate_month < months.month_start as is_carried_forward
    from months
    inner join quoted
        on
            months.month_start >= quoted.rate_month
            and (
                quoted.next_rate_month is null
                or months.month_start < quoted.next_rate_month
            )

),

reporting_rates as (

    select
        rate_month,
        units_per_usd
    from carried
    where currency_code = '{{ var("reporting_currency") }}'

),

final as (

    select
        carried.currency_code,
        carried.rate_month,
        carried.quoted_month,
        carried.units_per_usd,
        -- Twelve decimals: a naira is a small part of a dollar.
        {{ to_scale(
            'cast(reporting_rates.units_per_usd as ' ~ type_double()
            ~ ') / carried.units_per_usd', 12) }} as reporting_rate,
        carried.is_carried_forward
    from carried
    inner join reporting_rates
        on carried.rate_month = reporting_rates.rate_month

)

select * from final
