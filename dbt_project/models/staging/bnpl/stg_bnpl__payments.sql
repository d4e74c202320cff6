with source as (

    select * from {{ source('bnpl', 'payments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as payment_id,
        cast(plan_id as {{ dbt.type_string() }}) as plan_id,
        cast(installment_id as {{ dbt.type_string() }}) as installment_id,
        upper(trim(method)) as payment_method,
        upper(trim(status)) as payment_status,
        idempotency_key,
        provider_reference,
        cast(amount as numeric(15, 2)) as amount,
        cast(attempt as integer) as attempt_number,
        {{ to_utc('initiated_at') }} as initiated_at,
        {{ to_utc('settled_at') }} as settled_at,
        {{ to_utc('charged_back_at') }} as charged_back_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('initiated_at', 'bnpl') }} as initiated_date,
        {{ business_date('settled_at', 'bnpl') }} as settled_date,
        {{ business_date('charged_back_at', 'bnpl') }} as charged_back_date,
        {{ business_date('created_at', 'bnpl') }} as created_date
    from renamed

)

select * from final
