with kpi_values as (

    select * from {{ ref('int_kpis_targeted') }}

),

final as (

    select
        kpi_code,
        domain,
        period_start as month_start,
        numerator,
        denominator,
        value,
        currency_code,
        reporting_value,
        target,
        target_status,
        is_complete_period,
        missing_file_count
    from kpi_values
    where period_grain = 'month'

)

select * from final
