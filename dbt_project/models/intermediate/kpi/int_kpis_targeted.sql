{{ config(materialized='table') }}

-- Every KPI value of every domain, month and day alike, with its target and status: the one place
-- where a value meets its target.
with catalogue as (

    select * from {{ ref('kpi_catalogue_entries') }}

),

domain_periods as (

    select * from {{ ref('int_domain_periods') }}

),

fx_rates as (

    select * from {{ ref('int_fx_rates_by_month') }}

),

missing_files as (

    select * from {{ ref('int_files_missing_by_period') }}

),

kpi_values as (

    select
        'month' as period_grain,
        monthly.*
    from (
        {{ union_kpi_rows('monthly') }}
    ) as monthly

    union all

    select
        'day' as period_grain,
        daily.*
    from (
        {{ union_kpi_rows('daily') }}
    ) as daily

),

described as (

    select
        kpi_values.*,
        catalogue.unit,
        catalogue.target_operator,
        domain_periods.currency_code,
        coalesce(missing_files.missing_file_count, 0) as missing_file_count,
        {{ month_start('kpi_values.period_start') }} as period_month,
        {{ months_between('domain_periods.launch_month', 'kpi_values.period_start') }}
        + 1 as months_since_launch
    from kpi_values
    inner join catalogue
        on kpi_values.kpi_code = catalogue.kpi_code
    inner join domain_periods
        on kpi_values.domain = domain_periods.domain
    left join missing_files
        on
            kpi_values.domain = missing_files.domain
            and kpi_values.period_grain = missing_files.period_grain
            and kpi_values.period_start = missing_files.period_start

),

step_spans as (

    {{ target_step_spans() }}

),

final as (

    select
        described.domain,
        described.kpi_code,
        described.period_grain,
        described.period_start,
        -- Whatever the domain's own models say.
        described.is_complete_period and described.missing_file_count = 0 as is_complete_period,
        described.missing_file_count,
        described.numerator,
        described.denominator,
        described.value,
        case when described.unit = 'currency' then described.currency_code end as currency_code,
        case
            when described.unit = 'currency'
                then {{ to_scale(
                    'cast(described.value as ' ~ type_double() ~ ') * cast(fx_rates.reporting_rate as '
                    ~ type_double() ~ ')', 6) }}
        end as reporting_value,
        cast(step_spans.target as numeric(26, 8)) as target,
        case
            when described.value is null then 'no_data'
            when step_spans.target is null then 'no_target'
            -- A period that lacks a file, still runs, or has undecided cases is not judged yet.
            when described.missing_file_count > 0 then 'incomplete'
            when not described.is_complete_period then 'running'
            when
                (described.target_operator = '>' and described.value > step_spans.target)
                or (described.target_operator = '>=' and described.value >= step_spans.target)
                or (described.target_operator = '<' and described.value < step_spans.target)
                or (described.target_operator = '<=' and described.value <= step_spans.target)
                then 'met'
            else 'missed'
        end as target_status
    from described
    left join step_spans
        on
            described.kpi_code = step_spans.kpi_code
            and described.months_since_launch >= step_spans.from_month_since_launch
            and (
                step_spans.next_step_month is null
                or described.months_since_launch < step_spans.next_step_month
            )
    left join fx_rates
        on
            described.currency_code = fx_rates.currency_code
            and described.period_month = fx_rates.rate_month

)

select * from final
