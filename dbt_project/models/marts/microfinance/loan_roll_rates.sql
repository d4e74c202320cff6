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
        sum(rolled_amount) as from_amount
    from moves
    group by month_start, from_bucket

),

final as (

    select
        moves.month_start,
        moves.from_bucket,
        moves.to_bucket,
        moves.loan_count,
        moves.rolled_amount,
        {{ money('origins.from_amount') }} as from_amount,
        '{{ var("domains")["microfinance"]["currency"] }}' as currency_code,
        {{ ratio('moves.rolled_amount', 'origins.from_amount') }} as roll_rate,
        moves.is_complete_period
    from moves
    inner join origins
        on
            moves.month_start = origins.month_start
            and moves.from_bucket = origins.from_bucket

)

select * from final
