with days as (

    select * from {{ ref('int_bnpl_rewards_by_day') }}

),

final as (

    select
        date_day,
        earned_amount,
        redeemed_amount,
        expired_amount,
        reversed_amount,
        liability_amount,
        '{{ currency_of("bnpl") }}' as currency_code
    from days

)

select * from final
