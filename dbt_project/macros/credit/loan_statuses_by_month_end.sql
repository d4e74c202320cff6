{#- What each loan was at each month end, rebuilt from schedule and payments as they stand now:
    nothing depends on the day the model runs, nor on the status the source shows today. CTEs for a
    model, the last of them `final`:

    select * from final has one row a loan and month end since it was disbursed.

    loans: relation with loan_id, disbursed_amount, disbursed_date, disbursed_month,
    written_off_date, written_off_amount and the carried columns.
    repayments: loan_id, payment_date, principal_amount, is_recovery.
    installments: loan_id, due_date, covered_date, and effective_date to next_effective_date of the
    schedule they are of (see covered_dates).
    restructurings: loan_id, restructured_date, rehabilitated_date, days_past_due on the former.
    month_ends: month_start, snapshot_date, is_complete_period.
    classifications: loan_class, from_days_past_due, provision_rate, valid_from, valid_to.
    carried: columns of the loan that its rows keep, such as its customer and product. -#}
{% macro loan_statuses_by_month_end(
    carried,
    loans='loans',
    repayments='repayments',
    installments='installments',
    restructurings='restructurings',
    month_ends='month_ends',
    classifications='classifications'
) -%}
loan_month_ends as (

    select
        loans.loan_id,
        {%- for column in carried %}
        loans.{{ column }},
        {%- endfor %}
        loans.disbursed_amount,
        loans.disbursed_month,
        case
            when loans.written_off_date <= month_ends.snapshot_date then loans.written_off_amount
            else 0
        end as written_off_amount,
        coalesce(loans.written_off_date <= month_ends.snapshot_date, false) as is_written_off,
        month_ends.month_start,
        month_ends.snapshot_date,
        month_ends.is_complete_period
    from {{ loans }} as loans
    inner join {{ month_ends }} as month_ends
        on loans.disbursed_date <= month_ends.snapshot_date

),

repaid as (

    select
        loan_month_ends.loan_id,
        loan_month_ends.month_start,
        sum(repayments.principal_amount) as principal_repaid_amount
    from loan_month_ends
    inner join {{ repayments }} as repayments
        on
            loan_month_ends.loan_id = repayments.loan_id
            and loan_month_ends.snapshot_date >= repayments.payment_date
    where not repayments.is_recovery
    group by loan_month_ends.loan_id, loan_month_ends.month_start

),

-- The oldest instalment of the schedule then in force that was due before the day and not covered
-- by it. One due on the day itself is not overdue.
oldest_unpaid as (

    select
        loan_month_ends.loan_id,
        loan_month_ends.month_start,
        min(installments.due_date) as oldest_unpaid_due_date
    from loan_month_ends
    inner join {{ installments }} as installments
        on
            loan_month_ends.loan_id = installments.loan_id
            and loan_month_ends.snapshot_date > installments.due_date
    where
        installments.effective_date <= loan_month_ends.snapshot_date
        and (
            installments.next_effective_date is null
            or installments.next_effective_date > loan_month_ends.snapshot_date
        )
        and (
            installments.covered_date is null
            or installments.covered_date > loan_month_ends.snapshot_date
        )
    group by loan_month_ends.loan_id, loan_month_ends.month_start

),

-- A new schedule alone makes no loan better: until it is rehabilitated it is in arrears for as many
-- days as it was when it was restructured.
carried_arrears as (

    select
        loan_month_ends.loan_id,
        loan_month_ends.month_start,
        max(restructurings.days_past_due) as days_past_due
    from loan_month_ends
    inner join {{ restructurings }} as restructurings
        on
            loan_month_ends.loan_id = restructurings.loan_id
            and loan_month_ends.snapshot_date >= restructurings.restructured_date
    where
        restructurings.rehabilitated_date is null
        or restructurings.rehabilitated_date > loan_month_ends.snapshot_date
    group by loan_month_ends.loan_id, loan_month_ends.month_start

),

balances as (

    select
        loan_month_ends.*,
        {{ money('repaid.principal_repaid_amount') }} as principal_repaid_amount,
        {{ money(
            'loan_month_ends.disbursed_amount - coalesce(repaid.principal_repaid_amount, 0)'
            ~ ' - loan_month_ends.written_off_amount') }} as outstanding_amount,
        oldest_unpaid.oldest_unpaid_due_date,
        carried_arrears.days_past_due as carried_days_past_due
    from loan_month_ends
    left join repaid
        on
            loan_month_ends.loan_id = repaid.loan_id
            and loan_month_ends.month_start = repaid.month_start
    left join oldest_unpaid
        on
            loan_month_ends.loan_id = oldest_unpaid.loan_id
            and loan_month_ends.month_start = oldest_unpaid.month_start
    left join carried_arrears
        on
            loan_month_ends.loan_id = carried_arrears.loan_id
            and loan_month_ends.month_start = carried_arrears.month_start

),

aged as (

    select
        *,
        outstanding_amount > 0 and not is_written_off as is_active,
        case
            when
                outstanding_amount > 0
                and not is_written_off
                and oldest_unpaid_due_date is not null
                then {{ days_between('oldest_unpaid_due_date', 'snapshot_date') }}
            else 0
        end as days_past_due
    from balances

),

carried as (

    select
        *,
        is_active and carried_days_past_due is not null as is_awaiting_rehabilitation,
        case
            when is_active then greatest(days_past_due, coalesce(carried_days_past_due, 0))
            else 0
        end as arrears_days
    from aged

),

bucketed as (

    select
        *,
        {{ ageing_bucket(days_past_due='arrears_days') }} as ageing_bucket
    from carried

),

classified as (

    select
        bucketed.*,
        classifications.loan_class,
        case
            when bucketed.is_active
                then {{ money('bucketed.outstanding_amount * classifications.provision_rate') }}
            else cast(0 as numeric(20, 2))
        end as provision_amount,
        row_number() over (
            partition by bucketed.loan_id, bucketed.month_start
            order by classifications.from_days_past_due desc
        ) as class_rank
    from bucketed
    left join {{ classifications }} as classifications
        on
            bucketed.is_active
            and bucketed.arrears_days >= classifications.from_days_past_due
            and {{ is_in_force('classifications', 'bucketed.snapshot_date') }}

),

final as (

    select
        loan_id,
        {%- for column in carried %}
        {{ column }},
        {%- endfor %}
        ageing_bucket,
        loan_class,
        lag(ageing_bucket) over (
            partition by loan_id order by month_start
        ) as previous_ageing_bucket,
        disbursed_amount,
        principal_repaid_amount,
        {{ money('written_off_amount') }} as written_off_amount,
        outstanding_amount,
        lag(outstanding_amount) over (
            partition by loan_id order by month_start
        ) as previous_outstanding_amount,
        provision_amount,
        days_past_due,
        arrears_days,
        coalesce(lag(arrears_days) over (partition by loan_id order by month_start), 0)
            as previous_arrears_days,
        {{ months_between('disbursed_month', 'month_start') }} as months_on_book,
        is_active,
        coalesce(lag(is_active) over (partition by loan_id order by month_start), false)
            as was_active,
        is_awaiting_rehabilitation,
        max(case when {{ is_at_risk('days_past_due') }} then 1 else 0 end) over (
            partition by loan_id order by month_start
        ) = 1 as has_ever_been_par_30,
        is_complete_period,
        oldest_unpaid_due_date,
        disbursed_month,
        month_start,
        snapshot_date
    from classified
    where class_rank = 1

)
{%- endmacro %}
