with entries as (

    select * from {{ ref('kpi_catalogue_entries') }}

),

-- Those that this run is for.
domains as (

    select domain from {{ ref('int_domain_periods') }}

),

kpi_values as (

    select * from {{ ref('int_kpis_targeted') }}

),

grains as (

    select
        kpi_code,
        max(case when period_grain = 'month' then 1 else 0 end) = 1 as has_monthly_values,
        max(case when period_grain = 'day' then 1 else 0 end) = 1 as has_daily_values
    from kpi_values
    group by kpi_code

),

target_steps as (

    select * from {{ ref('kpi_target_steps') }}

),

last_steps as (

    select
        kpi_code,
        max(from_month_since_launch) as from_month_since_launch
    from target_steps
    group by kpi_code

),

final_targets as (

    select
        target_steps.kpi_code,
        target_steps.target
    from target_steps
    inner join last_steps
        on
            target_steps.kpi_code = last_steps.kpi_code
            and target_steps.from_month_since_launch = last_steps.from_month_since_launch

),

final as (

    select
        entries.kpi_code,
        entries.kpi_name,
        entries.domain,
        entries.formula,
        entries.unit,
        entries.value_kind,
        entries.direction,
        entries.target_operator,
        entries.target_source,
        entries.owner,
        entries.seed_document,
        entries.display_order,
        cast(final_targets.target as numeric(26, 8)) as final_target,
        coalesce(grains.has_monthly_values, false) as has_monthly_values,
        coalesce(grains.has_daily_values, false) as has_daily_values,
        entries.additivity,
        entries.target_note
    from entries
    inner join domains
        on entries.domain = domains.domain
    left join grains
        on entries.kpi_code = grains.kpi_code
    left join final_targets
        on entries.kpi_code = final_targets.kpi_code

)

select * from final
