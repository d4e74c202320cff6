with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

active as (

    select
        *,
        -- Whole days, as the seed's timedelta.days.
        cast(floor(
            {{ seconds_between('first_completed_at', 'last_completed_at') }} / 86400
        ) as integer) as active_days
    from users

),

-- ltv = transactions x 0.10 / max(days / 30, 1) x 25, written over one denominator so that no
-- intermediate rounding enters: transactions x 0.10 x 25 x 30 / max(days, 30).
final as (

    select
        user_id,
        cohort_month,
        signup_source,
        completed_count as completed_transaction_count,
        completed_amount,
        '{{ currency_of("wallet") }}' as currency_code,
        active_days,
        {{ ratio('greatest(coalesce(active_days, 0), 30)', '30') }} as active_months,
        case
            when completed_count = 0 then cast(0 as numeric(26, 8))
            else {{ ratio(
                'completed_count * ' ~ var('wallet_revenue_per_transaction')
                ~ ' * ' ~ var('wallet_customer_lifetime_months') ~ ' * 30',
                'greatest(active_days, 30)') }}
        end as ltv,
        first_completed_at,
        last_completed_at
    from active

)

select * from final
