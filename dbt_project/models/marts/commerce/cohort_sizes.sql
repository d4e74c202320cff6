with cohorts as (

    select * from {{ ref('int_customer_cohorts_by_age') }}

),

final as (

    select
        cohort_month,
        customer_count,
        is_complete_period
    from cohorts
    where age = 0

)

select * from final
