-- The day and month spines begin with the first sign-up or account: what is dated before would be
-- in no result.
{%- set dated_tables = [
    ('stg_microfinance__transactions', 'transaction_date'),
    ('stg_microfinance__loans', 'disbursed_date'),
    ('stg_microfinance__loan_repayments', 'payment_date'),
    ('stg_microfinance__investments', 'start_date'),
    ('stg_microfinance__payments', 'payment_date'),
] %}

with periods as (

    select * from {{ ref('int_domain_periods') }}

),

dated_rows as (

    {% for relation, date_column in dated_tables %}
    select
        '{{ relation }}' as relation,
        min({{ date_column }}) as row_date
    from {{ ref(relation) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    dated_rows.relation,
    dated_rows.row_date
from dated_rows
inner join periods
    on periods.domain = 'microfinance'
where dated_rows.row_date < periods.first_date
