{%- set month_numbers = range(4) -%}

with users as (

    select * from {{ ref('int_wallet_users_profiled') }}

),

transactions as (

    select * from {{ ref('int_wallet_transactions_enriched') }}

),

sent_by_month as (

    select
        sender_user_id as user_id,
        transaction_month,
        count(*) as sent_count
    from transactions
    group by sender_user_id, transaction_month

),

numbered as (

    select
        users.user_id,
        {{ months_between('users.cohort_month', 'sent_by_month.transaction_month') }}
            as month_number,
        sent_by_month.sent_count
    from users
    inner join sent_by_month
        on users.user_id = sent_by_month.user_id

),

pivoted as (

    select
        user_id,
        -- noqa: disable=LT02
        {% for month_number in month_numbers %}
        sum(case when month_number = {{ month_number }} then sent_count else 0 end)
            as transactions_month_{{ month_number }}{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from numbered
    group by user_id

),

-- A month of the cohort's life that has not begun is null, not 0: it is no observation yet.
final as (

    select
        users.cohort_month,
        users.user_id,
        users.first_transaction_date,
        -- noqa: disable=LT02
        {% for month_number in month_numbers %}
        cast(
            case
                when {{ add_months('users.cohort_month', month_number) }}
                    <= {{ as_of_date('wallet') }}
                    then coalesce(pivoted.transactions_month_{{ month_number }}, 0)
            end as integer
        ) as transactions_month_{{ month_number }}{{ ',' if not loop.last }}
        {% endfor %}
    -- noqa: enable=LT02
    from users
    left join pivoted
        on users.user_id = pivoted.user_id

)

select * from final
