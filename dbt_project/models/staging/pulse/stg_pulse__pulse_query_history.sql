with source as (

    select * from {{ source('pulse', 'pulse_query_history') }}

),

renamed as (

    select
        cast(id as bigint) as query_id,
        user_id,
        query_text,
        outcome,
        reading,
        sql_query,
        unknown_words,
        data_source,
        cast(rows_returned as integer) as returned_row_count,
        {{ to_utc('executed_at') }} as executed_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
