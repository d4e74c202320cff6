with customers as (

    select * from {{ ref('int_microfinance_customers_profiled') }}

),

segmentation as (

    select * from {{ ref('customer_segmentation') }}

),

breakdowns as (

    select 'segment' as breakdown
    union all
    select 'value_tier' as breakdown
    union all
    select 'age_band' as breakdown
    union all
    select 'risk_grade' as breakdown

),

-- One attribute at a time: crossed with each other they would leave rows of single persons.
grouped as (

    select
        customers.cohort_month,
        customers.branch_name,
        breakdowns.breakdown,
        case breakdowns.breakdown
            when 'segment' then segmentation.segment
            when 'value_tier' then customers.value_tier
            when 'age_band' then customers.age_band
            when 'risk_grade' then customers.risk_grade
        end as customer_group,
        segmentation.is_recently_active,
        customers.open_loan_count > 0 as has_open_loan,
        customers.held_investment_count > 0 as has_held_investment,
        customers.deposit_amount,
        customers.invested_amount,
        customers.outstanding_amount,
        customers.lifetime_value_amount
    from customers
    inner join segmentation
        on customers.customer_id = segmentation.customer_id
    cross join breakdowns

),

final as (

    select
        cohort_month,
        branch_name,
        breakdown,
        customer_group,
        cast(count(*) as bigint) as customer_count,
        {{ count_where('is_recently_active') }} as recently_active_customer_count,
        {{ count_where('has_open_loan') }} as borrowing_customer_count,
        {{ count_where('has_held_investment') }} as investing_customer_count,
        {{ money('sum(deposit_amount)') }} as deposit_amount,
        {{ money('sum(invested_amount)') }} as invested_amount,
        {{ money('sum(outstanding_amount)') }} as outstanding_amount,
        {{ money('sum(deposit_amount + invested_amount - outstanding_amount)') }}
            as net_position_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        {{ money('sum(lifetime_value_amount)') }} as lifetime_value_amount,
        {{ is_period_over('month', 'cohort_month', as_of_date('microfinance')) }}
            as is_complete_month
    from grouped
    group by cohort_month, branch_name, breakdown, customer_group

)

select * from final
