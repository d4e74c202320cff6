with kpi_values as (

    select * from {{ ref('int_kpis_targeted') }}

),

monthly_values as (

    select
        *,
        {{ add_months('period_start', 12) }} as month_a_year_later
    from kpi_values
    where period_grain = 'month'

),

final as (

    select
        monthly_values.kpi_code,
        monthly_values.domain,
        monthly_values.period_start as month_start,
        monthly_values.numerator,
        monthly_values.denominator,
        monthly_values.value,
        monthly_values.currency_code,
        monthly_values.reporting_value,
        monthly_values.target,
        monthly_values.target_status,
        monthly_values.is_complete_period,
        monthly_values.missing_file_count,
        last_year.value as value_last_year
    from monthly_values
    left join monthly_values as last_year
        on
            monthly_values.kpi_code = last_year.kpi_code
            and monthly_values.period_start = last_year.month_a_year_later
            and last_year.is_complete_period

)

select * from final
