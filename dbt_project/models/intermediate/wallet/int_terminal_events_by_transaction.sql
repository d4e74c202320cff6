with events as (

    select * from {{ ref('stg_wallet__transaction_events') }}

),

terminal_events as (

    select
        transaction_id,
        error_code,
        processing_time_ms,
        row_number() over (
            partition by transaction_id order by event_at desc, event_id desc
        ) as recency
    from events
    where event_type in ('completed', 'failed')

),

scores as (

    select
        transaction_id,
        max(sentinel_score) as sentinel_score
    from events
    group by transaction_id

),

-- Once per transaction: a retried terminal event must not weigh twice.
final as (

    select
        scores.transaction_id,
        scores.sentinel_score,
        terminal_events.error_code,
        terminal_events.processing_time_ms
    from scores
    left join terminal_events
        on
            scores.transaction_id = terminal_events.transaction_id
            and terminal_events.recency = 1

)

select * from final
