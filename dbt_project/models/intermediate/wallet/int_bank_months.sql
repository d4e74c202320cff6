{{ config(materialized='table') }}

with transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

banks as (

    select * from {{ ref('stg_wallet__bank_partnerships') }}

),

surveys as (

    select * from {{ ref('stg_wallet__bank_surveys') }}

),

months as (

    {{ month_spine('wallet') }}

),

-- Transactions without a bank, or with a code no partnership has, are one row: sums must tie out.
all_banks as (

    select
        bank_code,
        bank_name,
        monthly_fee_amount,
        transaction_fee_rate,
        contract_start_date,
        contract_end_date
    from banks

    union all

    select
        'UNASSIGNED' as bank_code,
        'Unassigned' as bank_name,
        null as monthly_fee_amount,
        null as transaction_fee_rate,
        null as contract_start_date,
        null as contract_end_date

),

bank_transactions as (

    select
        coalesce(banks.bank_code, 'UNASSIGNED') as bank_code,
        transactions.transaction_month,
        transactions.sender_user_id,
        transactions.amount,
        transactions.revenue_amount,
        transactions.is_completed,
        transactions.is_failed
    from transactions
    left join banks
        on transactions.bank_code = banks.bank_code

),

volumes as (

    select
        bank_code,
        transaction_month,
        cast(count(*) as bigint) as transaction_count,
        cast(count(distinct sender_user_id) as bigint) as active_user_count,
        {{ count_where('is_completed') }} as completed_transaction_count,
        {{ count_where('is_failed') }} as failed_transaction_count,
        {{ money('sum(case when is_completed then amount end)') }} as volume_amount,
        {{ money('sum(revenue_amount)') }} as transaction_revenue_amount
    from bank_transactions
    group by bank_code, transaction_month

),

-- A user belongs to each bank that has carried a transaction of his, from the first one on.
first_months as (

    select
        bank_code,
        sender_user_id,
        min(transaction_month) as first_month
    from bank_transactions
    where sender_user_id is not null
    group by bank_code, sender_user_id

),

user_counts as (

    select
        bank_code,
        first_month,
        cast(count(*) as bigint) as first_user_count
    from first_months
    group by bank_code, first_month

),

scores as (

    select
        bank_code,
        {{ month_start('survey_date') }} as survey_month,
        cast(count(*) as bigint) as survey_count,
        cast(sum(satisfaction_score) as bigint) as satisfaction_score_sum
    from surveys
    where survey_date <= {{ as_of_date('wallet') }}
    group by bank_code, {{ month_start('survey_date') }}

),

joined as (

    select
        all_banks.bank_code,
        all_banks.bank_name,
        months.month_start,
        months.is_complete_period,
        coalesce(volumes.transaction_count, 0) as transaction_count,
        coalesce(volumes.active_user_count, 0) as active_user_count,
        cast(
            sum(coalesce(user_counts.first_user_count, 0)) over (
                partition by all_banks.bank_code
                order by months.month_start
                rows between unbounded preceding and current row
            ) as bigint
        ) as total_user_count,
        coalesce(volumes.completed_transaction_count, 0) as completed_transaction_count,
        coalesce(volumes.failed_transaction_count, 0) as failed_transaction_count,
        coalesce(volumes.volume_amount, 0) as volume_amount,
        coalesce(volumes.transaction_revenue_amount, 0) as transaction_revenue_amount,
        coalesce(scores.survey_count, 0) as survey_count,
        coalesce(scores.satisfaction_score_sum, 0) as satisfaction_score_sum,
        -- A fee is due for each month in which the contract is in force on any day.
        coalesce(
            all_banks.contract_start_date <= months.month_end
            and (
                all_banks.contract_end_date is null
                or all_banks.contract_end_date >= months.month_start
            ),
            false
        ) as is_in_contract,
        all_banks.monthly_fee_amount,
        all_banks.transaction_fee_rate,
        case
            when all_banks.contract_end_date is not null
                then {{ days_between(
                    'least(months.month_end, ' ~ as_of_date('wallet') ~ ')',
                    'all_banks.contract_end_date') }}
        end as days_to_contract_end
    from all_banks
    cross join months
    left join volumes
        on
            all_banks.bank_code = volumes.bank_code
            and months.month_start = volumes.transaction_month
    left join user_counts
        on
            all_banks.bank_code = user_counts.bank_code
            and months.month_start = user_counts.first_month
    left join scores
        on
            all_banks.bank_code = scores.bank_code
            and months.month_start = scores.survey_month

),

final as (

    select
        bank_code,
        bank_name,
        month_start,
        is_complete_period,
        is_in_contract,
        transaction_count,
        completed_transaction_count,
        failed_transaction_count,
        active_user_count,
        total_user_count,
        volume_amount,
        transaction_revenue_amount,
        -- An invoice line: rounded to the cent, per bank and month.
        case
            when is_in_contract
                then {{ money('monthly_fee_amount + volume_amount * transaction_fee_rate') }}
            else cast(0 as numeric(20, 2))
        end as bank_fee_amount,
        -- The part of the fee that does not depend on the volume; no fee is billed without a rate.
        case
            when is_in_contract and transaction_fee_rate is not null
                then {{ money('monthly_fee_amount') }}
            else cast(0 as numeric(20, 2))
        end as monthly_fee_amount,
        survey_count,
        satisfaction_score_sum,
        days_to_contract_end
    from joined

)

select * from final
