-- The day and month spines begin with the first sign-up: a transaction or marketing spend dated
-- before it would be in no result. Spend of the launch month's earlier days is in that month.
with transactions as (

    select * from {{ ref('stg_wallet__transactions') }}

),

marketing_spend as (

    select * from {{ ref('stg_wallet__marketing_spend') }}

),

periods as (

    select * from {{ ref('int_domain_periods') }}

),

dated_rows as (

    select
        'transaction' as row_kind,
        transaction_date as row_date
    from transactions

    union all

    select
        'spend' as row_kind,
        spend_date as row_date
    from marketing_spend

)

select
    dated_rows.row_kind,
    dated_rows.row_date
from dated_rows
inner join periods
    on periods.domain = 'wallet'
where
    (
        dated_rows.row_kind = 'transaction'
        and dated_rows.row_date < periods.first_date
    )
    or dated_rows.row_date < {{ month_start('periods.first_date') }}
