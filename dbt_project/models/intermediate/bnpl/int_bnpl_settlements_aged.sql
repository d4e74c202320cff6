{{ config(materialized='table') }}

with settlements as (

    select * from {{ ref('stg_bnpl__settlements') }}

),

working_days as (

    select * from {{ ref('int_bnpl_working_days') }}

),

-- As of the day: what is paid later is unpaid on it.
dated as (

    select
        *,
        case when paid_date <= {{ as_of_date('bnpl') }} then paid_date end as known_paid_date
    from settlements
    where {{ business_date('created_at', 'bnpl') }} <= {{ as_of_date('bnpl') }}

),

aged as (

    select
        dated.settlement_id,
        dated.merchant_id,
        dated.gross_amount,
        dated.commission_amount,
        dated.refund_amount as refunded_amount,
        dated.net_amount,
        dated.known_paid_date is not null as is_paid,
        dated.period_start_date,
        dated.period_end_date,
        dated.due_date,
        dated.known_paid_date as paid_date,
        case
            when
                dated.known_paid_date is not null
                or dated.due_date <= {{ as_of_date('bnpl') }}
                then {{ working_days_late('due_days', 'judged_days') }}
        end as lag_days
    from dated
    inner join working_days as due_days
        on dated.due_date = due_days.date_day
    inner join working_days as judged_days
        on coalesce(dated.known_paid_date, {{ as_of_date('bnpl') }}) = judged_days.date_day

),

final as (

    select
        *,
        not is_paid and coalesce(lag_days, 0) > 0 as is_past_due
    from aged

)

select * from final
