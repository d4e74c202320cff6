{%- set terms = [
    'loan_product_name', 'interest_rate', 'processing_fee_rate', 'is_secured', 'is_active',
] -%}

with versions as (

    select * from {{ ref('loan_product_terms') }}

),

{{ terms_in_force('versions', 'loan_product', terms, 'microfinance') }},

final as (

    select
        loan_product,
        version_number,
        valid_from_date,
        valid_to_date,
        loan_product_name,
        interest_rate,
        processing_fee_rate,
        is_secured,
        is_active,
        is_current
    from in_force

)

select * from final
