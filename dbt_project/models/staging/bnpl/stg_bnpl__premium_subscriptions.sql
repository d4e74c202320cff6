with source as (

    select * from {{ source('bnpl', 'premium_subscriptions') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as premium_subscription_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(fee as numeric(15, 2)) as monthly_fee_amount,
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
