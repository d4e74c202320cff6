with source as (

    select * from {{ source('bnpl', 'fee_assessments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as fee_assessment_id,
        cast(installment_id as {{ dbt.type_string() }}) as installment_id,
        cast(fee as numeric(15, 2)) as fee_amount,
        {{ to_utc('assessed_at') }} as assessed_at,
        {{ to_utc('waived_at') }} as waived_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('assessed_at', 'bnpl') }} as assessed_date,
        {{ business_date('waived_at', 'bnpl') }} as waived_date
    from renamed

)

select * from final
