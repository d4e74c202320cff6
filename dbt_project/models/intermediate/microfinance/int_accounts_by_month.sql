{{ config(materialized='table') }}

with entries as (

    select * from {{ ref('int_account_entries_signed') }}

),

accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

month_ends as (

    select * from {{ ref('int_microfinance_month_ends') }}

),

opened as (

    select
        {{ month_start('opened_date') }} as month_start,
        cast(count(*) as bigint) as opened_account_count
    from accounts
    where opened_date <= {{ as_of_date('microfinance') }}
    group by {{ month_start('opened_date') }}

),

moved as (

    select
        transaction_month,
        cast(count(*) as bigint) as transaction_count,
        cast(count(distinct account_id) as bigint) as active_account_count,
        cast(count(distinct case when is_customer_initiated then account_id end) as bigint)
            as customer_active_account_count,
        sum(case when signed_amount > 0 then amount else 0 end) as credit_amount,
        sum(case when signed_amount < 0 then amount else 0 end) as debit_amount,
        sum(case when transaction_type = 'INTEREST' then amount else 0 end)
            as deposit_interest_amount,
        sum(case when transaction_type = 'ACCOUNT_FEE' then amount else 0 end)
            as account_fee_amount
    from entries
    where is_until_as_of_date
    group by transaction_month

),

final as (

    select
        month_ends.month_start,
        coalesce(opened.opened_account_count, 0) as opened_account_count,
        cast(coalesce(sum(opened.opened_account_count) over (
            order by month_ends.month_start
        ), 0) as bigint) as account_count,
        coalesce(moved.active_account_count, 0) as active_account_count,
        coalesce(moved.customer_active_account_count, 0) as customer_active_account_count,
        coalesce(moved.transaction_count, 0) as transaction_count,
        {{ money('moved.credit_amount') }} as credit_amount,
        {{ money('moved.debit_amount') }} as debit_amount,
        -- A balance: the sum of all that moved until the month's end.
        {{ money('sum(moved.credit_amount - moved.debit_amount) over ('
            ~ 'order by month_ends.month_start)') }} as deposit_amount,
        {{ money('moved.deposit_interest_amount') }} as deposit_interest_amount,
        {{ money('moved.account_fee_amount') }} as account_fee_amount
    from month_ends
    left join opened
        on month_ends.month_start = opened.month_start
    left join moved
        on month_ends.month_start = moved.transaction_month

)

select * from final
