with questions as (

    select * from {{ ref('stg_pulse__pulse_query_history') }}

),

final as (

    select
        query_id,
        user_id,
        query_text,
        outcome,
        reading,
        sql_query,
        unknown_words,
        data_source,
        returned_row_count,
        outcome = 'answered' as is_answered,
        cast(executed_at as date) as executed_date,
        executed_at
    from questions

)

select * from final
