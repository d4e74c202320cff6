with kpi_values as (

    select * from {{ ref('int_kpis_targeted') }}

),

catalogue as (

    select * from {{ ref('kpi_catalogue') }}

),

missing_evidence as (

    select * from {{ ref('int_kpi_evidence_missing') }}

),

missing_files as (

    select * from {{ ref('int_files_missing') }}

),

-- The grain a KPI is judged by: months where it has them, else days. The last complete period
-- speaks; a KPI that has none yet shows its running period, marked as such.
ranked_values as (

    select
        kpi_values.*,
        lag(kpi_values.value) over (
            partition by kpi_values.kpi_code, kpi_values.period_grain
            order by kpi_values.period_start
        ) as previous_period_value,
        row_number() over (
            partition by kpi_values.kpi_code, kpi_values.period_grain
            order by
                case when kpi_values.is_complete_period then 0 else 1 end,
                kpi_values.period_start desc
        ) as recency
    from kpi_values
    inner join catalogue
        on
            kpi_values.kpi_code = catalogue.kpi_code
            and (catalogue.has_monthly_values = (kpi_values.period_grain = 'month'))

),

latest_values as (

    select
        *,
        -- A running period is not compared with a whole one.
        case when is_complete_period then previous_period_value end as previous_value
    from ranked_values
    where recency = 1

),

-- Why no newer period speaks: also files of periods without any value.
missing_files_by_kpi as (

    select
        catalogue.kpi_code,
        count(*) as missing_file_count
    from catalogue
    inner join missing_files
        on catalogue.domain = missing_files.source_name
    left join latest_values
        on catalogue.kpi_code = latest_values.kpi_code
    where
        latest_values.period_start is null
        or latest_values.period_start <= missing_files.expected_date
    group by catalogue.kpi_code

),

-- Every KPI of the catalogue is on the card, also one without any data.
final as (

    select
        catalogue.kpi_code,
        catalogue.kpi_name,
        catalogue.domain,
        catalogue.unit,
        catalogue.direction,
        catalogue.owner,
        catalogue.display_order,
        latest_values.period_grain,
        latest_values.period_start,
        latest_values.is_complete_period,
        latest_values.numerator,
        latest_values.denominator,
        latest_values.value,
        latest_values.previous_value,
        {{ ratio(
            '(latest_values.value - latest_values.previous_value)',
            'abs(latest_values.previous_value)') }} as change_rate,
        latest_values.currency_code,
        latest_values.reporting_value,
        catalogue.target_operator,
        latest_values.target,
        coalesce(latest_values.target_status, 'no_data') as target_status,
        missing_evidence.missing_table,
        cast(coalesce(missing_files_by_kpi.missing_file_count, 0) as integer)
            as missing_file_count
    from catalogue
    left join latest_values
        on catalogue.kpi_code = latest_values.kpi_code
    left join missing_evidence
        on catalogue.kpi_code = missing_evidence.kpi_code
    left join missing_files_by_kpi
        on catalogue.kpi_code = missing_files_by_kpi.kpi_code

)

select * from final
