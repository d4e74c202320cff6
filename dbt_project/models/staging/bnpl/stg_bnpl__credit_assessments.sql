with source as (

    select * from {{ source('bnpl', 'credit_assessments') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as credit_assessment_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        upper(trim(decision)) as decision,
        reason_code,
        model_version,
        cast(score as integer) as score,
        cast(requested_limit as numeric(15, 2)) as requested_limit_amount,
        cast(approved_limit as numeric(15, 2)) as approved_limit_amount,
        {{ to_utc('assessed_at') }} as assessed_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('assessed_at', 'bnpl') }} as assessed_date
    from renamed

)

select * from final
