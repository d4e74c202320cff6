with currencies as (

    select * from {{ ref('currencies') }}

),

final as (

    select
        currency_code,
        currency_name,
        currency_symbol,
        country,
        minor_units,
        currency_code = '{{ var("reporting_currency") }}' as is_reporting_currency
    from currencies

)

select * from final
