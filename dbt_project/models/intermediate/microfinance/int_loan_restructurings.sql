with versions as (

    select * from {{ ref('int_loan_schedule_versions') }}

),

installments as (

    select * from {{ ref('int_loan_installments_covered') }}

),

restructured as (

    select
        loan_id,
        schedule_version,
        effective_date as restructured_date
    from versions
    where not is_first_version

),

-- How late the loan was on its old schedule when the new one took its place.
oldest_unpaid as (

    select
        restructured.loan_id,
        restructured.schedule_version,
        min(installments.due_date) as due_date
    from restructured
    inner join installments
        on
            restructured.loan_id = installments.loan_id
            and restructured.restructured_date = installments.next_effective_date
            and restructured.restructured_date > installments.due_date
    where
        installments.covered_date is null
        or installments.covered_date > restructured.restructured_date
    group by restructured.loan_id, restructured.schedule_version

),

-- Months of grace, in which nothing is due, prove nothing.
numbered as (

    select
        loan_id,
        schedule_version,
        covered_date,
        row_number() over (
            partition by loan_id, schedule_version order by due_date, installment_number
        ) as place,
        count(*) over (partition by loan_id, schedule_version) as installment_count
    from installments
    where due_amount > 0

),

-- Instalments are covered in their order: when this one is, all before it are.
decisive as (

    select
        loan_id,
        schedule_version,
        covered_date
    from numbered
    where place = least({{ var('microfinance_rehabilitation_installments') }}, installment_count)

),

final as (

    select
        restructured.loan_id,
        restructured.schedule_version,
        coalesce(
            {{ days_between('oldest_unpaid.due_date', 'restructured.restructured_date') }}, 0
        ) as days_past_due,
        restructured.restructured_date,
        -- Who keeps to a later schedule is rehabilitated from the earlier restructurings, too.
        min(decisive.covered_date) over (
            partition by restructured.loan_id
            order by restructured.schedule_version
            rows between current row and unbounded following
        ) as rehabilitated_date
    from restructured
    left join oldest_unpaid
        on
            restructured.loan_id = oldest_unpaid.loan_id
            and restructured.schedule_version = oldest_unpaid.schedule_version
    left join decisive
        on
            restructured.loan_id = decisive.loan_id
            and restructured.schedule_version = decisive.schedule_version

)

select * from final
