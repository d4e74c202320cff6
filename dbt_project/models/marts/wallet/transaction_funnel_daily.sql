with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

events as (

    select * from {{ ref('stg_wallet__transaction_events') }}

),

days as (

    {{ day_spine('wallet') }}

),

-- A transaction ends in one of the last two steps, or in both where it was tried again.
steps as (

    select
        'initiated' as step,
        1 as step_number,
        cast(null as {{ dbt.type_string() }}) as previous_step

    union all

    select
        'physics_seal_captured' as step,
        2 as step_number,
        'initiated' as previous_step

    union all

    select
        'submitted' as step,
        3 as step_number,
        'physics_seal_captured' as previous_step

    union all

    select
        'completed' as step,
        4 as step_number,
        'submitted' as previous_step

    union all

    select
        'failed' as step,
        5 as step_number,
        'submitted' as previous_step

),

-- A step is reached once, at its first event, however often it is delivered or tried again.
reached as (

    select
        events.transaction_id,
        transactions.transaction_date,
        events.event_type as step,
        min(events.event_at) as reached_at
    from events
    inner join transactions
        on events.transaction_id = transactions.transaction_id
    group by events.transaction_id, transactions.transaction_date, events.event_type

),

continued as (

    select
        reached.transaction_date,
        reached.step,
        earlier.transaction_id is not null as is_continued,
        -- A device's clock that was put back measures nothing.
        case
            when reached.reached_at >= earlier.reached_at
                then {{ seconds_between('earlier.reached_at', 'reached.reached_at') }}
        end as step_seconds,
        case
            when reached.reached_at >= started.reached_at
                then {{ seconds_between('started.reached_at', 'reached.reached_at') }}
        end as start_seconds
    from reached
    inner join steps
        on reached.step = steps.step
    left join reached as earlier
        on
            reached.transaction_id = earlier.transaction_id
            and steps.previous_step = earlier.step
    left join reached as started
        on
            reached.transaction_id = started.transaction_id
            and started.step = 'initiated'

),

by_step as (

    select
        transaction_date,
        step,
        cast(count(*) as bigint) as transaction_count,
        {{ count_where('is_continued') }} as continued_transaction_count,
        cast(count(step_seconds) as bigint) as timed_transaction_count,
        cast(coalesce(sum(step_seconds), 0) as numeric(20, 6)) as step_seconds_sum,
        {{ to_scale(median('step_seconds'), 6) }} as median_step_seconds,
        {{ to_scale(percentile('step_seconds', 0.95), 6) }} as p95_step_seconds,
        cast(count(start_seconds) as bigint) as timed_from_start_count,
        cast(coalesce(sum(start_seconds), 0) as numeric(20, 6)) as start_seconds_sum,
        {{ to_scale(median('start_seconds'), 6) }} as median_start_seconds,
        {{ to_scale(percentile('start_seconds', 0.95), 6) }} as p95_start_seconds
    from continued
    group by transaction_date, step

),

by_day as (

    select
        transaction_date,
        cast(count(*) as bigint) as transaction_count
    from transactions
    group by transaction_date

),

final as (

    select
        days.date_day as transaction_date,
        steps.step,
        cast(steps.step_number as integer) as step_number,
        coalesce(by_day.transaction_count, 0) as day_transaction_count,
        coalesce(by_step.transaction_count, 0) as transaction_count,
        {{ ratio('coalesce(by_step.transaction_count, 0)', 'by_day.transaction_count') }}
            as reach_rate,
        case
            when steps.previous_step is not null then coalesce(earlier.transaction_count, 0)
        end as previous_transaction_count,
        case
            when steps.previous_step is not null
                then coalesce(by_step.continued_transaction_count, 0)
        end as continued_transaction_count,
        {{ ratio('coalesce(by_step.continued_transaction_count, 0)', 'earlier.transaction_count') }}
            as step_rate,
        coalesce(by_step.timed_transaction_count, 0) as timed_transaction_count,
        cast(coalesce(by_step.step_seconds_sum, 0) as numeric(20, 6)) as step_seconds_sum,
        {{ ratio('by_step.step_seconds_sum', 'by_step.timed_transaction_count') }}
            as avg_step_seconds,
        cast(by_step.median_step_seconds as numeric(18, 6)) as median_step_seconds,
        cast(by_step.p95_step_seconds as numeric(18, 6)) as p95_step_seconds,
        coalesce(by_step.timed_from_start_count, 0) as timed_from_start_count,
        cast(coalesce(by_step.start_seconds_sum, 0) as numeric(20, 6)) as start_seconds_sum,
        {{ ratio('by_step.start_seconds_sum', 'by_step.timed_from_start_count') }}
            as avg_start_seconds,
        cast(by_step.median_start_seconds as numeric(18, 6)) as median_start_seconds,
        cast(by_step.p95_start_seconds as numeric(18, 6)) as p95_start_seconds,
        {{ is_period_over('month', 'days.date_day', as_of_date('wallet')) }} as is_complete_month
    from days
    cross join steps
    left join by_day
        on days.date_day = by_day.transaction_date
    left join by_step
        on
            days.date_day = by_step.transaction_date
            and steps.step = by_step.step
    left join by_step as earlier
        on
            days.date_day = earlier.transaction_date
            and steps.previous_step = earlier.step

)

select * from final
