with source as (

    select * from {{ source('operations', 'source_reconciliation') }}

),

renamed as (

    select
        batch_id,
        source_name,
        table_name,
        healed_batch_id,
        load_mode,
        status as reconciliation_status,
        missing_key,
        surplus_key,
        doubled_key,
        changed_key,
        source_sums,
        raw_sums,
        differing_sums,
        note,
        source_row_count,
        raw_row_count,
        range_count,
        differing_range_count,
        missing_row_count,
        surplus_row_count,
        doubled_row_count,
        changed_row_count,
        is_healed,
        cast(started_at as timestamp) as started_at,
        cast(reconciled_at as timestamp) as reconciled_at
    from source

)

select * from renamed
