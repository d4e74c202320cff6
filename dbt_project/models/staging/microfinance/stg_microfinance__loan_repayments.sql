with source as (

    select * from {{ source('microfinance', 'loan_repayments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as repayment_id,
        cast(loan_id as {{ dbt.type_string() }}) as loan_id,
        cast(payment_id as {{ dbt.type_string() }}) as payment_id,
        cast(amount as numeric(15, 2)) as amount,
        cast(principal_paid as numeric(15, 2)) as principal_amount,
        cast(interest_paid as numeric(15, 2)) as interest_amount,
        cast(penalty_paid as numeric(15, 2)) as penalty_amount,
        active as is_active,
        payment_date,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'microfinance') }} as created_date
    from renamed

)

select * from final
