with source as (

    select * from {{ source('bnpl', 'orders') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as order_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(merchant_id as {{ dbt.type_string() }}) as merchant_id,
        cast(product_id as {{ dbt.type_string() }}) as product_id,
        lower(trim(channel)) as channel,
        upper(trim(status)) as order_status,
        cast(amount as numeric(15, 2)) as order_amount,
        cast(refunded_amount as numeric(15, 2)) as refunded_amount,
        {{ to_utc('captured_at') }} as captured_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as order_date,
        {{ business_date('captured_at', 'bnpl') }} as captured_date
    from renamed

)

select * from final
