with cashback as (

    select * from {{ ref('stg_bnpl__cashback_transactions') }}

),

days as (

    {{ day_spine('bnpl') }}

),

-- What was earned stays owed until an event takes it away: a last day that has passed is none.
moved as (

    select
        occurred_date,
        sum(case when cashback_kind = 'EARNED' then cashback_amount else 0 end)
            as earned_amount,
        sum(case when cashback_kind = 'REDEEMED' then cashback_amount else 0 end)
            as redeemed_amount,
        sum(case when cashback_kind = 'EXPIRED' then cashback_amount else 0 end)
            as expired_amount,
        sum(case when cashback_kind = 'REVERSED' then cashback_amount else 0 end)
            as reversed_amount
    from cashback
    group by occurred_date

),

final as (

    select
        days.date_day,
        days.month_start,
        {{ money('moved.earned_amount') }} as earned_amount,
        {{ money('moved.redeemed_amount') }} as redeemed_amount,
        {{ money('moved.expired_amount') }} as expired_amount,
        {{ money('moved.reversed_amount') }} as reversed_amount,
        {{ money(
            'sum(coalesce(moved.earned_amount - moved.redeemed_amount - moved.expired_amount'
            ~ ' - moved.reversed_amount, 0)) over (order by days.date_day'
            ~ ' rows between unbounded preceding and current row)') }} as liability_amount
    from days
    left join moved
        on days.date_day = moved.occurred_date

)

select * from final
