with rates as (

    select * from {{ ref('int_fx_rates_by_month') }}

),

final as (

    select
        currency_code,
        rate_month,
        quoted_month,
        cast(units_per_usd as numeric(18, 6)) as units_per_usd,
        reporting_rate,
        is_carried_forward
    from rates

)

select * from final
