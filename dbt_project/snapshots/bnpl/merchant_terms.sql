{% snapshot merchant_terms %}

{{
    config(
        unique_key='merchant_id',
        strategy='check',
        check_cols='all',
        hard_deletes='invalidate'
    )
}}

with merchants as (

    select * from {{ ref('stg_bnpl__merchants') }}

),

-- Without the name, which may be a person's: what a snapshot keeps, no purge finds.
final as (

    select
        merchant_id,
        category_id,
        merchant_status,
        commission_rate,
        settlement_days,
        updated_at
    from merchants

)

select * from final

{% endsnapshot %}
