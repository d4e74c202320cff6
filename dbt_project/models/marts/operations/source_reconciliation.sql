with reconciliations as (

    select * from {{ ref('stg_operations__source_reconciliation') }}

),

-- Batch ids begin with the time of their run.
ranked as (

    select
        *,
        row_number() over (
            partition by source_name, table_name
            order by batch_id desc
        ) as recency
    from reconciliations

),

final as (

    select
        batch_id,
        source_name,
        table_name,
        healed_batch_id,
        load_mode,
        case
            when reconciliation_status = 'differs' then 'differs'
            when is_healed then 'healed'
            else 'equal'
        end as outcome,
        recency = 1 as is_latest,
        source_row_count,
        raw_row_count,
        raw_row_count - source_row_count as row_count_difference,
        range_count,
        differing_range_count,
        missing_row_count,
        surplus_row_count,
        doubled_row_count,
        changed_row_count,
        missing_key,
        surplus_key,
        doubled_key,
        changed_key,
        differing_sums,
        source_sums,
        raw_sums,
        note,
        started_at,
        reconciled_at
    from ranked

)

select * from final
