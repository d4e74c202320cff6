-- Each change of an already reported value of a complete period: between two reports, or between
-- the last report and this build.
with reported_kpis as (

    select * from {{ ref('stg_operations__reported_kpis') }}

),

publications as (

    select * from {{ ref('stg_operations__publications') }}

),

current_kpis as (

    select * from {{ ref('int_kpis_targeted') }}

),

load_log as (

    select * from {{ ref('stg_operations__load_log') }}

),

batches_by_month as (

    select * from {{ ref('int_kpi_batches_by_month') }}

),

changing_loads as (

    select
        batch_id,
        source_name,
        load_mode,
        loaded_at,
        deleted_row_count
    from load_log
    where
        load_status = 'succeeded'
        and inserted_row_count + updated_row_count + deleted_row_count > 0

),

load_horizon as (

    select max(loaded_at) as loaded_until
    from changing_loads

),

kpi_domains as (

    select distinct
        kpi_code,
        domain
    from current_kpis

),

-- A value stays as it was until the publication before the one that changed it: what was loaded
-- until then cannot be the cause.
publications_in_order as (

    select
        publication_id,
        published_at,
        lag(loaded_until) over (order by publication_id) as previous_loaded_until
    from publications

),

last_publication as (

    select max(loaded_until) as loaded_until
    from publications

),

values_over_time as (

    select
        reported_kpis.kpi_code,
        reported_kpis.period_grain,
        reported_kpis.period_start,
        reported_kpis.numerator,
        reported_kpis.denominator,
        reported_kpis.value,
        reported_kpis.loaded_until,
        reported_kpis.cause_kind,
        reported_kpis.cause_batches,
        publications_in_order.previous_loaded_until,
        coalesce(reported_kpis.restated_at, publications_in_order.published_at) as moved_at,
        reported_kpis.publication_id,
        0 as is_this_build
    from reported_kpis
    inner join publications_in_order
        on reported_kpis.publication_id = publications_in_order.publication_id

    union all

    select
        current_kpis.kpi_code,
        current_kpis.period_grain,
        current_kpis.period_start,
        current_kpis.numerator,
        current_kpis.denominator,
        current_kpis.value,
        load_horizon.loaded_until,
        null as cause_kind,
        null as cause_batches,
        last_publication.loaded_until as previous_loaded_until,
        {{ build_started_at() }} as moved_at,
        null as publication_id,
        1 as is_this_build
    from current_kpis
    cross join load_horizon
    cross join last_publication
    where current_kpis.is_complete_period

),

sequenced as (

    select
        *,
        lag(numerator) over (
            partition by kpi_code, period_grain, period_start
            order by is_this_build, publication_id
        ) as old_numerator,
        lag(denominator) over (
            partition by kpi_code, period_grain, period_start
            order by is_this_build, publication_id
        ) as old_denominator,
        lag(value) over (
            partition by kpi_code, period_grain, period_start
            order by is_this_build, publication_id
        ) as old_value,
        row_number() over (
            partition by kpi_code, period_grain, period_start
            order by is_this_build, publication_id
        ) - 1 as change_number
    from values_over_time

),

changes as (

    select
        sequenced.*,
        kpi_domains.domain
    from sequenced
    inner join kpi_domains
        on sequenced.kpi_code = kpi_domains.kpi_code
    where
        sequenced.change_number > 0
        and (
            coalesce(sequenced.value, -1e15) <> coalesce(sequenced.old_value, -1e15)
            or coalesce(sequenced.numerator, -1e15) <> coalesce(sequenced.old_numerator, -1e15)
            or coalesce(sequenced.denominator, -1e15)
            <> coalesce(sequenced.old_denominator, -1e15)
        )

),

-- The batches that arrived between the two values and hold rows of the period's month or of a
-- neighbour (churn and growth look a month back, retention a month ahead), deleted rows, or are of
-- a purge, which writes rows that keep the batch that brought them. Of a
-- change that was reported its cause is known: rows that were loaded again bear other batches.
candidate_batches as (

    select
        changes.kpi_code,
        changes.period_grain,
        changes.period_start,
        changes.change_number,
        changing_loads.batch_id,
        max(case when batches_by_month.batch_id is not null then 1 else 0 end) as has_rows,
        max(case when changing_loads.deleted_row_count > 0 then 1 else 0 end) as has_deletes,
        max(case when changing_loads.load_mode = 'purge' then 1 else 0 end) as is_purge
    from changes
    inner join changing_loads
        on
            changes.domain = changing_loads.source_name
            and changes.previous_loaded_until < changing_loads.loaded_at
            and changes.loaded_until >= changing_loads.loaded_at
    left join batches_by_month
        on
            changing_loads.batch_id = batches_by_month.batch_id
            and changes.domain = batches_by_month.domain
            and batches_by_month.month_start
            >= {{ add_months(month_start('changes.period_start'), -1) }}
            and batches_by_month.month_start
            <= {{ add_months(month_start('changes.period_start'), 1) }}
    where changes.cause_kind is null
    group by
        changes.kpi_code,
        changes.period_grain,
        changes.period_start,
        changes.change_number,
        changing_loads.batch_id

),

causes as (

    select
        kpi_code,
        period_grain,
        period_start,
        change_number,
        max(has_rows) as has_rows,
        max(is_purge) as has_purges,
        {{ json_array_agg('batch_id') }} as cause_batches
    from candidate_batches
    where has_rows = 1 or has_deletes = 1 or is_purge = 1
    group by kpi_code, period_grain, period_start, change_number

),

explained as (

    select
        changes.domain,
        changes.kpi_code,
        changes.period_grain,
        changes.period_start,
        cast(changes.change_number as integer) as change_number,
        changes.old_numerator,
        changes.old_denominator,
        changes.old_value,
        changes.numerator as new_numerator,
        changes.denominator as new_denominator,
        changes.value as new_value,
        changes.previous_loaded_until as reported_at,
        changes.loaded_until,
        changes.moved_at,
        case
            when changes.cause_kind is not null then changes.cause_kind
            when causes.has_rows = 1 then 'late_data'
            when causes.has_purges = 1 then 'retention'
            when causes.has_rows = 0 then 'deleted_rows'
            else 'definition'
        end as cause_kind,
        coalesce(changes.cause_batches, causes.cause_batches, '[]') as cause_batches
    from changes
    left join causes
        on
            changes.kpi_code = causes.kpi_code
            and changes.period_grain = causes.period_grain
            and changes.period_start = causes.period_start
            and changes.change_number = causes.change_number

),

-- A definition moves a value without a load: what was loaded until then does not tell when.
final as (

    select
        domain,
        kpi_code,
        period_grain,
        period_start,
        change_number,
        old_numerator,
        old_denominator,
        old_value,
        new_numerator,
        new_denominator,
        new_value,
        reported_at,
        case
            when cause_kind = 'definition' then greatest(moved_at, reported_at)
            else loaded_until
        end as restated_at,
        cause_kind,
        cause_batches
    from explained

)

select * from final
