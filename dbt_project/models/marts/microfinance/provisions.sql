with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

classifications as (

    {{ loan_classes_of('microfinance') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

classified as (

    select
        month_start,
        loan_class,
        cast(count(*) as bigint) as loan_count,
        sum(outstanding_amount) as outstanding_amount,
        sum(provision_amount) as provision_amount
    from statuses
    where is_active
    group by month_start, loan_class

),

final as (

    select
        month_ends.month_start,
        month_ends.snapshot_date,
        classifications.loan_class,
        classifications.from_days_past_due,
        classifications.provision_rate,
        coalesce(classified.loan_count, 0) as loan_count,
        {{ money('classified.outstanding_amount') }} as outstanding_amount,
        {{ money('classified.provision_amount') }} as provision_amount,
        '{{ currency_of("microfinance") }}' as currency_code,
        month_ends.is_complete_period
    from month_ends
    inner join classifications
        on {{ is_in_force('classifications', 'month_ends.snapshot_date') }}
    left join classified
        on
            month_ends.month_start = classified.month_start
            and classifications.loan_class = classified.loan_class

)

select * from final
