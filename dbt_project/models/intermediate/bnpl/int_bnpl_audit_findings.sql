with events as (

    select * from {{ ref('stg_bnpl__audit_log') }}

),

orders as (

    select * from {{ ref('stg_bnpl__orders') }}

),

plans as (

    select * from {{ ref('stg_bnpl__payment_plans') }}

),

settlements as (

    select * from {{ ref('stg_bnpl__settlements') }}

),

disputes as (

    select * from {{ ref('stg_bnpl__disputes') }}

),

chained as (

    select
        entity,
        entity_id,
        sequence_number,
        previous_hash,
        new_status,
        occurred_date,
        lag(sequence_number, 1, 0) over (
            partition by entity, entity_id order by sequence_number
        ) as previous_sequence_number,
        lag(event_hash) over (
            partition by entity, entity_id order by sequence_number
        ) as hash_of_previous
    from events

),

gaps as (

    select
        'AUDIT_EVENT_MISSING' as rule,
        entity,
        entity_id || ' ' || cast(sequence_number as {{ dbt.type_string() }}) as entity_key,
        occurred_date as found_on
    from chained
    where sequence_number <> previous_sequence_number + 1

),

-- Where an event is missing the hash before it is not known; that it is missing is the finding.
broken as (

    select
        'AUDIT_CHAIN_BROKEN' as rule,
        entity,
        entity_id || ' ' || cast(sequence_number as {{ dbt.type_string() }}) as entity_key,
        occurred_date as found_on
    from chained
    where
        sequence_number = previous_sequence_number + 1
        and sequence_number > 1
        and coalesce(previous_hash, '') <> hash_of_previous

),

-- The statuses that the source shows, beside the last ones of the log.
shown as (

    select
        'orders' as entity,
        order_id as entity_id,
        order_status as status,
        order_date as seen_date
    from orders
    union all
    select
        'payment_plans' as entity,
        plan_id as entity_id,
        plan_status as status,
        created_date as seen_date
    from plans
    union all
    select
        'settlements' as entity,
        settlement_id as entity_id,
        case when paid_date is null then 'DUE' else 'PAID' end as status,
        period_end_date as seen_date
    from settlements
    union all
    select
        'disputes' as entity,
        dispute_id as entity_id,
        case when resolved_date is null then 'OPEN' else 'RESOLVED' end as status,
        opened_date as seen_date
    from disputes

),

last_changes as (

    select
        entity,
        entity_id,
        new_status,
        occurred_date,
        row_number() over (
            partition by entity, entity_id order by sequence_number desc
        ) as recency_rank
    from chained
    where new_status is not null

),

unexplained as (

    select
        'STATUS_WITHOUT_EVENT' as rule,
        shown.entity,
        shown.entity_id as entity_key,
        coalesce(last_changes.occurred_date, shown.seen_date) as found_on
    from shown
    left join last_changes
        on
            shown.entity = last_changes.entity
            and shown.entity_id = last_changes.entity_id
            and last_changes.recency_rank = 1
    where coalesce(last_changes.new_status, 'NONE') <> shown.status

),

found as (

    select * from gaps
    union all
    select * from broken
    union all
    select * from unexplained

),

final as (

    select
        rule,
        entity,
        entity_key,
        {{ money('0') }} as amount,
        found_on
    from found
    where found_on <= {{ as_of_date('bnpl') }}

)

select * from final
