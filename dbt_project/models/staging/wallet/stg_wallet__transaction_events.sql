with source as (

    select * from {{ source('wallet', 'transaction_events') }}

),

renamed as (

    select
        cast(event_id as {{ dbt.type_string() }}) as event_id,
        cast(transaction_id as {{ dbt.type_string() }}) as transaction_id,
        cast(user_id as {{ dbt.type_string() }}) as user_id,
        lower(trim(event_type)) as event_type,
        error_code,
        cast(processing_time_ms as integer) as processing_time_ms,
        cast(sentinel_score as numeric(6, 2)) as sentinel_score,
        {{ to_utc('timestamp') }} as event_at,
        _loaded_at,
        _batch_id,
        -- Events are delivered at least once. Extract-load keeps the first of each event_id; the
        -- row number makes the model right for a raw layer filled by other means, too.
        row_number() over (partition by event_id order by _loaded_at, _batch_id)
            as delivery_number
    from source

),

final as (

    select
        event_id,
        transaction_id,
        user_id,
        event_type,
        error_code,
        processing_time_ms,
        sentinel_score,
        event_at,
        _loaded_at,
        _batch_id
    from renamed
    where delivery_number = 1

)

select * from final
