{{ config(materialized='table') }}

with statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

installments as (

    select * from {{ ref('int_loan_installments_covered') }}

),

investments as (

    select * from {{ ref('int_investments_enriched') }}

),

earnings as (

    select * from {{ ref('stg_microfinance__investment_earnings') }}

),

accounts as (

    select * from {{ ref('int_accounts_by_month') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

-- Instalments of the schedule then in force that fall due in the 30 days after the month's end, of
-- loans that pay: one 90 days past due is not counted on.
inflows as (

    select
        statuses.month_start,
        sum(installments.due_amount) as inflow_amount
    from statuses
    inner join installments
        on
            statuses.loan_id = installments.loan_id
            and statuses.snapshot_date < installments.due_date
            and {{ add_days('statuses.snapshot_date', 30) }} >= installments.due_date
    where
        statuses.is_active
        and statuses.arrears_days < 90
        and installments.effective_date <= statuses.snapshot_date
        and (
            installments.next_effective_date is null
            or installments.next_effective_date > statuses.snapshot_date
        )
    group by statuses.month_start

),

earned as (

    select
        month_ends.month_start,
        earnings.investment_id,
        sum(earnings.amount) as paid_amount
    from month_ends
    inner join earnings
        on month_ends.snapshot_date >= earnings.paid_date
    where earnings.is_active
    group by month_ends.month_start, earnings.investment_id

),

-- Investments that mature in those 30 days, less the earnings paid out before.
maturing as (

    select
        month_ends.month_start,
        sum(investments.total_return_amount - coalesce(earned.paid_amount, 0)) as maturing_amount
    from month_ends
    inner join investments
        on
            month_ends.snapshot_date >= investments.start_date
            and month_ends.snapshot_date < investments.end_date
            and {{ add_days('month_ends.snapshot_date', 30) }} >= investments.end_date
    left join earned
        on
            month_ends.month_start = earned.month_start
            and investments.investment_id = earned.investment_id
    where
        investments.closed_date is null
        or investments.closed_date > month_ends.snapshot_date
    group by month_ends.month_start

),

final as (

    select
        month_ends.month_start,
        {{ money('inflows.inflow_amount') }} as expected_inflow_amount,
        {{ money('maturing.maturing_amount') }} as maturing_investment_amount,
        {{ money(
            'accounts.deposit_amount * ' ~ var('microfinance_deposit_outflow_rate')) }}
            as deposit_outflow_amount,
        {{ money(
            'coalesce(maturing.maturing_amount, 0) + accounts.deposit_amount * '
            ~ var('microfinance_deposit_outflow_rate')) }} as expected_outflow_amount
    from month_ends
    left join inflows
        on month_ends.month_start = inflows.month_start
    left join maturing
        on month_ends.month_start = maturing.month_start
    left join accounts
        on month_ends.month_start = accounts.month_start

)

select * from final
