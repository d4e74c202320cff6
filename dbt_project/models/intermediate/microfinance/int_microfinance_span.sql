{%- set recorded = [
    ('stg_microfinance__transactions', 'created_date'),
    ('stg_microfinance__loan_repayments', 'created_date'),
    ('stg_microfinance__loans', 'created_date'),
    ('stg_microfinance__payments', 'payment_date'),
    ('stg_microfinance__users', 'signup_date'),
] -%}

with users as (

    select * from {{ ref('stg_microfinance__users') }}

),

accounts as (

    select * from {{ ref('stg_microfinance__accounts') }}

),

-- The newest day on which anything was recorded is still being lived; the one before it is
-- complete. By the server's clock: a value date may lie anywhere.
recorded_days as (

    {% for relation, date_column in recorded %}
    select max({{ date_column }}) as recorded_date
    from {{ ref(relation) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

last_day as (

    select {{ add_days('max(recorded_date)', -1) }} as last_complete_date
    from recorded_days

),

first_days as (

    select min(signup_date) as recorded_date
    from users

    union all

    select min(opened_date) as recorded_date
    from accounts

),

first_day as (

    select min(recorded_date) as first_date
    from first_days

),

final as (

    select
        first_day.first_date,
        last_day.last_complete_date
    from first_day
    cross join last_day

)

select * from final
