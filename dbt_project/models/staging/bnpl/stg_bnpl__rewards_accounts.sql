with source as (

    select * from {{ source('bnpl', 'rewards_accounts') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as rewards_account_id,
        cast(customer_id as {{ dbt.type_string() }}) as customer_id,
        upper(trim(tier)) as rewards_tier,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('created_at', 'bnpl') }} as opened_date
    from renamed

)

select * from final
