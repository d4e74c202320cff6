with source as (

    select * from {{ source('bnpl', 'kyc_verifications') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as kyc_verification_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        upper(trim(status)) as kyc_status,
        reject_reason,
        cast(level as integer) as kyc_level,
        {{ to_utc('submitted_at') }} as submitted_at,
        {{ to_utc('decided_at') }} as decided_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('submitted_at', 'bnpl') }} as submitted_date,
        {{ business_date('decided_at', 'bnpl') }} as decided_date
    from renamed

)

select * from final
