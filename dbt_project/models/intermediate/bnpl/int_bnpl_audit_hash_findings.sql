-- The hash of an event is over the hash before it and all that the event says: whatever was changed
-- in one, the numbers of two that were exchanged among it, makes it another.
with events as (

    select * from {{ ref('stg_bnpl__audit_log') }}

),

rehashed as (

    select
        entity,
        entity_id,
        sequence_number,
        event_hash,
        occurred_date,
        {{ sha256_hex(
            "coalesce(previous_hash, '')"
            ~ " || '|' || cast(sequence_number as " ~ dbt.type_string() ~ ")"
            ~ " || '|' || entity || '|' || entity_id || '|' || event_type"
            ~ " || '|' || coalesce(old_status, '') || '|' || coalesce(new_status, '')"
            ~ " || '|' || coalesce(cast(amount as " ~ dbt.type_string() ~ "), '')"
            ~ " || '|' || actor || '|' || cast(cast(cast("
            ~ seconds_between("timestamp '1970-01-01 00:00:00'", 'occurred_at')
            ~ " as numeric(24, 6)) * 1000 as bigint) as " ~ dbt.type_string() ~ ")"
        ) }} as expected_hash
    from events

),

final as (

    select
        'AUDIT_EVENT_CHANGED' as rule,
        entity,
        entity_id || ' ' || cast(sequence_number as {{ dbt.type_string() }}) as entity_key,
        {{ money('0') }} as amount,
        occurred_date as found_on
    from rehashed
    where
        event_hash <> expected_hash
        and occurred_date <= {{ as_of_date('bnpl') }}

)

select * from final
