with settlements as (

    select * from {{ ref('int_bnpl_settlements_aged') }}

),

merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

final as (

    select
        settlements.settlement_id,
        settlements.merchant_id,
        merchants.merchant_name,
        case
            when settlements.is_paid and settlements.lag_days > 0 then 'PAID_LATE'
            when settlements.is_paid then 'PAID_ON_TIME'
            when settlements.is_past_due then 'PAST_DUE'
            else 'NOT_DUE'
        end as settlement_state,
        settlements.gross_amount,
        settlements.commission_amount,
        settlements.refunded_amount,
        settlements.net_amount,
        '{{ currency_of("bnpl") }}' as currency_code,
        cast(settlements.lag_days as integer) as lag_days,
        settlements.is_paid,
        settlements.is_past_due,
        settlements.period_start_date,
        settlements.period_end_date,
        settlements.due_date,
        settlements.paid_date,
        {{ month_start('settlements.due_date') }} as due_month,
        {{ is_period_over('month', 'settlements.due_date', as_of_date('bnpl')) }}
            as is_complete_month
    from settlements
    inner join merchants
        on settlements.merchant_id = merchants.merchant_id

)

select * from final
