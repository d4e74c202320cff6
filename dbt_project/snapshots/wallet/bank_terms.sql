{% snapshot bank_terms %}

{{ config(unique_key='bank_code', strategy='check', check_cols='all', hard_deletes='invalidate') }}

with banks as (

    select * from {{ ref('stg_wallet__bank_partnerships') }}

),

final as (

    select
        bank_code,
        bank_name,
        partnership_status,
        monthly_fee_amount,
        transaction_fee_rate,
        contract_start_date,
        contract_end_date,
        updated_at
    from banks

)

select * from final

{% endsnapshot %}
