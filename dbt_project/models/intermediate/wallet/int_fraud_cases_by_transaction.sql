with fraud_cases as (

    select * from {{ ref('stg_wallet__fraud_cases') }}

),

final as (

    select
        transaction_id,
        {{ count_where("case_outcome = 'confirmed'") }} > 0 as has_confirmed_fraud,
        {{ count_where("case_outcome = 'suspected'") }} > 0 as has_undecided_fraud_case,
        cast(count(*) as bigint) as fraud_case_count,
        {{ money("sum(case when case_outcome = 'confirmed' then loss_amount end)") }}
            as fraud_loss_amount
    from fraud_cases
    group by transaction_id

)

select * from final
