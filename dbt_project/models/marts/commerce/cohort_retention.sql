with cohorts as (

    select * from {{ ref('int_customer_cohorts_by_age') }}

),

numbered as (

    select
        cohort_month,
        age,
        case
            when is_complete_period
                then {{ json_percent('retention_rate') }}
        end as retention_text
    from cohorts

),

-- A month that is not over has no key: it is no observation yet.
final as (

    select
        cohort_month,
        {{ json_object_agg('age + 1', 'retention_text', 'age') }} as retention_data
    from numbered
    group by cohort_month

)

select * from final
