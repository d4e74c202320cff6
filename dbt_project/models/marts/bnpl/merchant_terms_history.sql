{%- set terms = ['category_id', 'merchant_status', 'commission_rate', 'settlement_days'] -%}

with versions as (

    select * from {{ ref('merchant_terms') }}

),

categories as (

    select * from {{ ref('stg_bnpl__categories') }}

),

{{ terms_in_force('versions', 'merchant_id', terms, 'bnpl') }},

final as (

    select
        in_force.merchant_id,
        in_force.version_number,
        in_force.valid_from_date,
        in_force.valid_to_date,
        coalesce(categories.category_name, 'UNASSIGNED') as category_name,
        in_force.merchant_status,
        in_force.commission_rate,
        in_force.settlement_days,
        in_force.is_current
    from in_force
    left join categories
        on in_force.category_id = categories.category_id

)

select * from final
