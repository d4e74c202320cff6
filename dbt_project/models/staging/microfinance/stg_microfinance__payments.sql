with source as (

    select * from {{ source('microfinance', 'payments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as payment_id,
        cast(user_id as {{ dbt.type_string() }}) as customer_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        cast(loan_id as {{ dbt.type_string() }}) as loan_id,
        provider_reference,
        upper(trim(purpose)) as purpose,
        upper(trim(method)) as payment_method,
        upper(trim(status)) as payment_status,
        failure_reason,
        cast(amount as numeric(15, 2)) as amount,
        active as is_active,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

-- The provider calls back at least once: the first row of a reference is the payment.
numbered as (

    select
        *,
        row_number() over (
            partition by provider_reference order by created_at, payment_id
        ) as delivery_number
    from renamed

),

final as (

    select
        payment_id,
        customer_id,
        account_id,
        loan_id,
        provider_reference,
        purpose,
        payment_method,
        payment_status,
        failure_reason,
        amount,
        is_active,
        created_at,
        completed_at,
        updated_at,
        _loaded_at,
        _batch_id,
        {{ business_date('created_at', 'microfinance') }} as payment_date
    from numbered
    where delivery_number = 1

)

select * from final
