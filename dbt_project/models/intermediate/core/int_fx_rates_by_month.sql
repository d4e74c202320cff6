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

reporting_rates as (

    select
        rate_month,
        units_per_usd
    from rates
    where currency_code = '{{ var("reporting_currency") }}'

),

quoted as (

    select
        rates.currency_code,
        rates.rate_month,
        rates.units_per_usd,
        reporting_rates.units_per_usd as reporting_units_per_usd,
        lead(rates.rate_month) over (
            partition by rates.currency_code order by rates.rate_month
        ) as next_rate_month
    from rates
    inner join reporting_rates
        on rates.rate_month = reporting_rates.rate_month

),

-- A month without a quote of its own carries the last known one and says so.
final as (

    select
        quoted.currency_code,
        months.month_start as rate_month,
        quoted.rate_month as quoted_month,
        quoted.units_per_usd,
        -- Twelve decimals: a naira is a small part of a dollar.
        {{ to_scale(
            'cast(quoted.reporting_units_per_usd as ' ~ type_double()
            ~ ') / quoted.units_per_usd', 12) }} as reporting_rate,
        quoted.rate_month < months.month_start as is_carried_forward
    from months
    inner join quoted
        on
            months.month_start >= quoted.rate_month
            and (
                quoted.next_rate_month is null
                or months.month_start < quoted.next_rate_month
            )

)

select * from final
