with source as (

    select * from {{ source('microfinance', 'loan_schedules') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as installment_id,
        cast(loan_id as {{ dbt.type_string() }}) as loan_id,
        cast(version as integer) as schedule_version,
        cast(installment_number as integer) as installment_number,
        cast(principal_due as numeric(15, 2)) as principal_due_amount,
        cast(interest_due as numeric(15, 2)) as interest_due_amount,
        active as is_active,
        effective_from as effective_date,
        due_date,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
