{{ config(materialized='table') }}

{%- set dated_tables = [
    ('stg_wallet__users', 'signup_date'),
    ('stg_wallet__transactions', 'transaction_date'),
    ('stg_wallet__user_activity', 'activity_date'),
    ('stg_wallet__bank_surveys', 'survey_date'),
    ('stg_wallet__marketing_spend', 'spend_date'),
    ('stg_wallet__operating_costs', 'cost_month'),
] -%}

-- Which raw batches hold rows that speak of which month: what may have moved a month's KPIs.
with transactions as (

    select * from {{ ref('stg_wallet__transactions') }}

),

events as (

    select * from {{ ref('stg_wallet__transaction_events') }}

),

fraud_cases as (

    select * from {{ ref('stg_wallet__fraud_cases') }}

),

incidents as (

    select * from {{ ref('stg_wallet__service_incidents') }}

),

dated as (

    {% for relation, date_column in dated_tables %}
    select
        _batch_id,
        {{ date_column }} as business_date
    from {{ ref(relation) }}
    union all
    {% endfor %}
    -- Events and fraud cases count on the day of their transaction.
    select
        events._batch_id,
        transactions.transaction_date as business_date
    from events
    inner join transactions
        on events.transaction_id = transactions.transaction_id
    union all
    select
        fraud_cases._batch_id,
        transactions.transaction_date as business_date
    from fraud_cases
    inner join transactions
        on fraud_cases.transaction_id = transactions.transaction_id
    union all
    select
        _batch_id,
        cast(started_local_at as date) as business_date
    from incidents

),

final as (

    select distinct
        _batch_id as batch_id,
        {{ month_start('business_date') }} as month_start
    from dated
    where business_date is not null

)

select * from final
