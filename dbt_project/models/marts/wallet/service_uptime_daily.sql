with downtime as (

    select * from {{ ref('int_service_downtime_by_day') }}

),

final as (

    select
        service,
        date_day as uptime_date,
        incident_count,
        period_seconds,
        downtime_seconds,
        {{ ratio('(period_seconds - downtime_seconds)', 'period_seconds') }} as uptime_rate
    from downtime

)

select * from final
