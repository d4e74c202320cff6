with source as (

    select * from {{ source('microfinance', 'users_user') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as customer_id,
        cast(branch_id as {{ dbt.type_string() }}) as branch_id,
        upper(trim(risk_grade)) as risk_grade,
        upper(trim(gender)) as gender,
        active as is_active,
        date_of_birth,
        {{ to_utc('date_created') }} as signed_up_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('signed_up_at', 'microfinance') }} as signup_date
    from renamed

)

select * from final
