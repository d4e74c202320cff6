with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

moves as (

    select
        month_start,
        previous_ageing_bucket as from_bucket,
        ageing_bucket as to_bucket,
        is_complete_period,
        cast(count(*) as bigint) as loan_count,
        {{ money('sum(previous_outstanding_amount)') }} as rolled_amount
    from statuses
    where was_active
    group by month_start, previous_ageing_bucket, ageing_bucket, is_complete_period

),

origins as (

    select
        month_start,
        from_bucket,
        is_complete_period,
        sum(rolled_amount) as from_amount
    from moves
    group by month_start, from_bucket, is_complete_period

),

destinations as (

    select distinct to_bucket from moves

),

-- Ways that nobody went are rows too: over several months, rolled / from counts every month.
final as (

    select
        origins.month_start,
        origins.from_bucket,
        destinations.to_bucket,
        coalesce(moves.loan_count, 0) as loan_count,
        {{ money('moves.rolled_amount') }} as rolled_amount,
        {{ money('origins.from_amount') }} as from_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        {{ ratio('coalesce(moves.rolled_amount, 0)', 'origins.from_amount') }} as roll_rate,
        origins.is_complete_period
    from origins
    cross join destinations
    left join moves
        on
            origins.month_start = moves.month_start
            and origins.from_bucket = moves.from_bucket
            and destinations.to_bucket = moves.to_bucket

)

select * from final
