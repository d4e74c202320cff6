{{ config(materialized='table') }}

{%- set dated_tables = [
    ('stg_microfinance__users', 'signup_date'),
    ('stg_microfinance__accounts', 'opened_date'),
    ('stg_microfinance__transactions', 'transaction_date'),
    ('stg_microfinance__payments', 'payment_date'),
    ('stg_microfinance__loans', 'disbursed_date'),
    ('stg_microfinance__loans', 'written_off_date'),
    ('stg_microfinance__loan_schedules', 'due_date'),
    ('stg_microfinance__loan_repayments', 'payment_date'),
    ('stg_microfinance__loan_collaterals', 'valued_date'),
    ('stg_microfinance__investments', 'start_date'),
    ('stg_microfinance__investments', 'closed_date'),
    ('stg_microfinance__investment_earnings', 'paid_date'),
    ('stg_microfinance__operating_costs', 'cost_month'),
] -%}

-- Which raw batches hold rows that speak of which month: what may have moved a month's KPIs.
with dated as (

    {% for relation, date_column in dated_tables %}
    select
        _batch_id,
        {{ date_column }} as business_date
    from {{ ref(relation) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select distinct
        _batch_id as batch_id,
        {{ month_start('business_date') }} as month_start
    from dated
    where business_date <= {{ as_of_date('microfinance') }}

)

select * from final
