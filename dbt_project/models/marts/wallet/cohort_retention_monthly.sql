with cohort_months as (

    select * from {{ ref('int_wallet_cohort_months') }}

),

final as (

    select
        cohort_month,
        month_number,
        activity_month,
        cohort_user_count,
        active_user_count,
        {{ ratio('active_user_count', 'cohort_user_count') }} as retention_rate,
        is_complete_period
    from cohort_months

)

select * from final
