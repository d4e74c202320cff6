with source as (

    select * from {{ source('bnpl', 'audit_log') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as audit_event_id,
        cast(entity_id as {{ dbt.type_string() }}) as entity_id,
        lower(trim(entity)) as entity,
        upper(trim(event)) as event_type,
        upper(trim(old_status)) as old_status,
        upper(trim(new_status)) as new_status,
        lower(trim(actor)) as actor,
        prev_hash as previous_hash,
        hash as event_hash,
        cast(sequence as bigint) as sequence_number,
        cast(amount as numeric(15, 2)) as amount,
        {{ to_utc('occurred_at') }} as occurred_at,
        {{ to_utc('created_at') }} as created_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('occurred_at', 'bnpl') }} as occurred_date,
        {{ business_date('created_at', 'bnpl') }} as created_date
    from renamed

)

select * from final
