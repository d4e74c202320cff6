with cohorts as (

    select * from {{ ref('int_customer_cohorts_by_age') }}

),

final as (

    select
        cohort_month,
        age,
        activity_month,
        customer_count,
        active_customer_count,
        retention_rate,
        net_sales,
        avg_revenue,
        '{{ currency_of("commerce") }}' as currency_code,
        is_complete_period
    from cohorts

)

select * from final
