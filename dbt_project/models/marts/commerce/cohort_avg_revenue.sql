with cohorts as (

    select * from {{ ref('int_customer_cohorts_by_age') }}

),

numbered as (

    select
        cohort_month,
        age,
        case
            when is_complete_period
                then cast(cast(avg_revenue as numeric(20, 2)) as {{ dbt.type_string() }})
        end as avg_revenue_text
    from cohorts

),

-- A month that is not over has no key: it is no observation yet.
final as (

    select
        cohort_month,
        {{ json_object_agg('age + 1', 'avg_revenue_text', 'age') }} as revenue_data,
        '{{ currency_of("commerce") }}' as currency_code
    from numbered
    group by cohort_month

)

select * from final
