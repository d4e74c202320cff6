with source as (

    select * from {{ source('bnpl', 'payment_plans') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as plan_id,
        cast(order_id as {{ dbt.type_string() }}) as order_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        upper(trim(plan_type)) as plan_type,
        upper(trim(status)) as plan_status,
        cast(principal as numeric(15, 2)) as principal_amount,
        cast(written_off_amount as numeric(15, 2)) as written_off_amount,
        cast(contract_apr as numeric(6, 4)) as contract_apr,
        cast(term_months as integer) as term_months,
        cast(installment_count as integer) as installment_count,
        {{ to_utc('activated_at') }} as activated_at,
        {{ to_utc('completed_at') }} as completed_at,
        {{ to_utc('defaulted_at') }} as defaulted_at,
        {{ to_utc('written_off_at') }} as written_off_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as created_date,
        {{ business_date('activated_at', 'bnpl') }} as activated_date,
        {{ business_date('completed_at', 'bnpl') }} as completed_date,
        {{ business_date('defaulted_at', 'bnpl') }} as defaulted_date,
        {{ business_date('written_off_at', 'bnpl') }} as written_off_date
    from renamed

)

select * from final
