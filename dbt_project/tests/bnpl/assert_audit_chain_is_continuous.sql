-- Events of one entity are numbered from 1 without gaps, and each carries the hash of the one
-- before it. What was deleted or changed behind the trigger's back leaves a gap, or another hash:
-- compliance_findings owns up to it.
with events as (

    select
        entity,
        entity_id,
        sequence_number,
        previous_hash,
        occurred_date,
        row_number() over (
            partition by entity, entity_id order by sequence_number
        ) as expected_number,
        lag(event_hash) over (
            partition by entity, entity_id order by sequence_number
        ) as expected_hash
    from {{ ref('stg_bnpl__audit_log') }}

),

findings as (

    select distinct
        entity,
        entity_key
    from {{ ref('compliance_findings') }}
    where rule in ('AUDIT_EVENT_MISSING', 'AUDIT_CHAIN_BROKEN')

),

-- After a gap every number is another one: an entity with one finding is known to be broken.
broken as (

    select
        entity,
        entity_id,
        min(sequence_number) as sequence_number
    from events
    where
        occurred_date <= {{ as_of_date('bnpl') }}
        and (
            sequence_number <> expected_number
            or coalesce(previous_hash, '') <> coalesce(expected_hash, '')
        )
    group by entity, entity_id

)

select
    broken.entity,
    broken.entity_id,
    broken.sequence_number
from broken
left join findings
    on
        broken.entity = findings.entity
        and findings.entity_key
        = broken.entity_id || ' ' || cast(broken.sequence_number as {{ dbt.type_string() }})
where findings.entity_key is null
