with settlements as (

    select * from {{ ref('int_bnpl_settlements_aged') }}

),

working_days as (

    select * from {{ ref('int_bnpl_working_days') }}

),

months as (

    {{ month_spine('bnpl') }}

),

month_ends as (

    select
        month_start,
        least(month_end, {{ as_of_date('bnpl') }}) as snapshot_date
    from months

),

paid as (

    select
        {{ month_start('paid_date') }} as month_start,
        cast(count(*) as bigint) as paid_settlement_count,
        sum(net_amount) as paid_amount,
        sum(lag_days) as lag_days
    from settlements
    where is_paid
    group by {{ month_start('paid_date') }}

),

-- Unpaid at the end of the month, whatever became of it later.
open_at_month_end as (

    select
        month_ends.month_start,
        settlements.net_amount,
        {{ working_days_late('due_days', 'judged_days') }} as lag_days
    from month_ends
    inner join settlements
        on
            month_ends.snapshot_date > settlements.due_date
            and (
                settlements.paid_date is null
                or month_ends.snapshot_date < settlements.paid_date
            )
    inner join working_days as due_days
        on settlements.due_date = due_days.date_day
    inner join working_days as judged_days
        on month_ends.snapshot_date = judged_days.date_day

),

past_due as (

    select
        month_start,
        cast(count(*) as bigint) as past_due_settlement_count,
        sum(net_amount) as past_due_amount,
        sum(lag_days) as lag_days
    from open_at_month_end
    where lag_days > 0
    group by month_start

),

final as (

    select
        month_ends.month_start,
        coalesce(paid.paid_settlement_count, 0) as paid_settlement_count,
        coalesce(past_due.past_due_settlement_count, 0) as past_due_settlement_count,
        coalesce(paid.paid_settlement_count, 0) + coalesce(past_due.past_due_settlement_count, 0)
            as judged_settlement_count,
        cast(coalesce(paid.lag_days, 0) + coalesce(past_due.lag_days, 0) as bigint)
            as settlement_lag_days,
        {{ money('paid.paid_amount') }} as settled_amount,
        {{ money('past_due.past_due_amount') }} as past_due_settlement_amount
    from month_ends
    left join paid
        on month_ends.month_start = paid.month_start
    left join past_due
        on month_ends.month_start = past_due.month_start

)

select * from final
