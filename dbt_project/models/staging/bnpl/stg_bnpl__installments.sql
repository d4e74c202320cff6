with source as (

    select * from {{ source('bnpl', 'installments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as installment_id,
        cast(plan_id as {{ dbt.type_string() }}) as plan_id,
        upper(trim(status)) as installment_status,
        cast(number as integer) as installment_number,
        cast(version as integer) as schedule_version,
        cast(principal as numeric(15, 2)) as principal_amount,
        cast(interest as numeric(15, 2)) as interest_amount,
        cast(fee as numeric(15, 2)) as fee_amount,
        due_date,
        {{ to_utc('superseded_at') }} as superseded_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as effective_date,
        {{ business_date('superseded_at', 'bnpl') }} as superseded_date
    from renamed

)

select * from final
