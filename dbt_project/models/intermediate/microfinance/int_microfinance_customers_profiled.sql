{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('stg_microfinance__users') }}

),

branches as (

    select * from {{ ref('stg_microfinance__branches') }}

),

accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

entries as (

    select * from {{ ref('int_account_entries_signed') }}

),

loans as (

    select * from {{ ref('int_loans_enriched') }}

),

outcomes as (

    select * from {{ ref('int_loan_outcomes') }}

),

investments as (

    select * from {{ ref('int_investments_enriched') }}

),

statuses as (

    select * from {{ ref('int_loan_status_by_month_end') }}

),

overdue as (

    select
        customer_id,
        max(arrears_days) as arrears_days
    from statuses
    where snapshot_date = {{ as_of_date('microfinance') }}
    group by customer_id

),

opened as (

    select
        customer_id,
        cast(count(*) as bigint) as account_count
    from accounts
    where
        is_active
        and opened_date <= {{ as_of_date('microfinance') }}
    group by customer_id

),

ledger as (

    select
        customer_id,
        sum(signed_amount) as deposit_amount,
        sum(case when transaction_type = 'ACCOUNT_FEE' then amount else 0 end)
            as account_fee_amount,
        cast(count(case when is_customer_initiated then 1 end) as bigint) as transaction_count,
        max(case when is_customer_initiated then transaction_date end) as last_transaction_date
    from entries
    where is_until_as_of_date
    group by customer_id

),

borrowed as (

    select
        loans.customer_id,
        cast(count(*) as bigint) as loan_count,
        {{ count_where('outcomes.closed_date is null') }} as open_loan_count,
        sum(loans.disbursed_amount) as disbursed_amount,
        sum(loans.processing_fee_amount) as processing_fee_amount,
        sum(outcomes.interest_received_amount) as interest_received_amount,
        sum(outcomes.penalty_received_amount) as penalty_received_amount,
        sum(
            loans.disbursed_amount - outcomes.principal_repaid_amount
            - coalesce(loans.written_off_amount, 0)
        ) as outstanding_amount,
        sum(coalesce(loans.written_off_amount, 0)) as written_off_amount,
        sum(outcomes.recovered_amount) as recovered_amount,
        min(loans.disbursed_date) as first_loan_date,
        max(loans.disbursed_date) as last_loan_date,
        max(outcomes.last_payment_date) as last_repayment_date
    from loans
    inner join outcomes
        on loans.loan_id = outcomes.loan_id
    group by loans.customer_id

),

invested as (

    select
        customer_id,
        cast(count(*) as bigint) as investment_count,
        {{ count_where('is_held') }} as held_investment_count,
        sum(case when is_held then amount else 0 end) as invested_amount,
        sum(earnings_paid_amount) as earnings_paid_amount,
        max(start_date) as last_investment_date
    from investments
    group by customer_id

),

-- Every customer who signed up by the as-of day is in, with or without accounts.
joined as (

    select
        customers.customer_id,
        coalesce(branches.branch_name, 'UNASSIGNED') as branch_name,
        coalesce(branches.region, 'UNASSIGNED') as region,
        coalesce(customers.risk_grade, 'UNGRADED') as risk_grade,
        customers.gender,
        coalesce(opened.account_count, 0) as account_count,
        coalesce(ledger.transaction_count, 0) as transaction_count,
        coalesce(borrowed.loan_count, 0) as loan_count,
        coalesce(borrowed.open_loan_count, 0) as open_loan_count,
        coalesce(invested.investment_count, 0) as investment_count,
        coalesce(invested.held_investment_count, 0) as held_investment_count,
        {{ money('ledger.deposit_amount') }} as deposit_amount,
        {{ money('ledger.account_fee_amount') }} as account_fee_amount,
        {{ money('borrowed.disbursed_amount') }} as disbursed_amount,
        {{ money('borrowed.processing_fee_amount') }} as processing_fee_amount,
        {{ money('borrowed.interest_received_amount') }} as interest_received_amount,
        {{ money('borrowed.penalty_received_amount') }} as penalty_received_amount,
        {{ money('borrowed.outstanding_amount') }} as outstanding_amount,
        {{ money('borrowed.written_off_amount') }} as written_off_amount,
        {{ money('borrowed.recovered_amount') }} as recovered_amount,
        coalesce(overdue.arrears_days, 0) as arrears_days,
        {{ money('invested.invested_amount') }} as invested_amount,
        {{ money('invested.earnings_paid_amount') }} as earnings_paid_amount,
        customers.is_active,
        -- The day itself ends here: no table but the raw one keeps it.
        {{ age_band('customers.date_of_birth', as_of_date('microfinance')) }} as age_band,
        customers.signup_date,
        {{ month_start('customers.signup_date') }} as cohort_month,
        borrowed.first_loan_date,
        greatest(
            coalesce(ledger.last_transaction_date, customers.signup_date),
            coalesce(borrowed.last_loan_date, customers.signup_date),
            coalesce(borrowed.last_repayment_date, customers.signup_date),
            coalesce(invested.last_investment_date, customers.signup_date)
        ) as last_activity_date
    from customers
    left join branches
        on customers.branch_id = branches.branch_id
    left join opened
        on customers.customer_id = opened.customer_id
    left join ledger
        on customers.customer_id = ledger.customer_id
    left join borrowed
        on customers.customer_id = borrowed.customer_id
    left join invested
        on customers.customer_id = invested.customer_id
    left join overdue
        on customers.customer_id = overdue.customer_id
    where customers.signup_date <= {{ as_of_date('microfinance') }}

),

-- What the customer has brought in: interest and fees really received, less what was lost.
valued as (

    select
        *,
        {{ money(
            'interest_received_amount + penalty_received_amount + processing_fee_amount'
            ~ ' + account_fee_amount - written_off_amount + recovered_amount') }}
            as lifetime_value_amount,
        written_off_amount > 0 or arrears_days >= 90 as is_in_default,
        {{ days_between('signup_date', as_of_date('microfinance')) }} as customer_days,
        {{ days_between('last_activity_date', as_of_date('microfinance')) }} as inactive_days
    from joined

),

tiers as (

    select * from {{ ref('customer_value_tiers') }}

),

-- The highest tier whose threshold the value reaches.
tiered as (

    select
        valued.*,
        tiers.value_tier,
        row_number() over (
            partition by valued.customer_id order by tiers.from_amount desc
        ) as tier_rank
    from valued
    left join tiers
        on greatest(valued.lifetime_value_amount, 0) >= tiers.from_amount

),

final as (

    select *
    from tiered
    where tier_rank = 1

)

select * from final
