with source as (

    select * from {{ source('microfinance', 'accounts') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as account_id,
        cast(user_id as {{ dbt.type_string() }}) as customer_id,
        cast(account_type_id as {{ dbt.type_string() }}) as account_type_id,
        cast(branch_id as {{ dbt.type_string() }}) as branch_id,
        upper(trim(status)) as account_status,
        cast(balance as numeric(15, 2)) as balance_amount,
        active as is_active,
        opened_on as opened_date,
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
