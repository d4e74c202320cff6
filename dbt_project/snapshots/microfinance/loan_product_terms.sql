{% snapshot loan_product_terms %}

{{
    config(
        unique_key='loan_product',
        strategy='check',
        check_cols='all',
        hard_deletes='invalidate'
    )
}}

with products as (

    select * from {{ ref('stg_microfinance__loan_products') }}

),

final as (

    select
        loan_product,
        loan_product_name,
        interest_rate,
        processing_fee_rate,
        is_secured,
        is_active,
        updated_at
    from products

)

select * from final

{% endsnapshot %}
