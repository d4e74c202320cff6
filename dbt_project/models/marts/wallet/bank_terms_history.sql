{%- set terms = [
    'bank_name', 'partnership_status', 'monthly_fee_amount', 'transaction_fee_rate',
    'contract_start_date', 'contract_end_date',
] -%}

with versions as (

    select * from {{ ref('bank_terms') }}

),

{{ terms_in_force('versions', 'bank_code', terms, 'wallet', first_day='contract_start_date') }},

final as (

    select
        bank_code,
        version_number,
        valid_from_date,
        valid_to_date,
        bank_name,
        partnership_status,
        monthly_fee_amount,
        transaction_fee_rate,
        contract_start_date,
        contract_end_date,
        '{{ currency_of("wallet") }}' as currency_code,
        is_current
    from in_force

)

select * from final
