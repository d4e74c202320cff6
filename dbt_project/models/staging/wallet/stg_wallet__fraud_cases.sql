with source as (

    select * from {{ source('wallet', 'fraud_cases') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as fraud_case_id,
        cast(transaction_id as {{ dbt.type_string() }}) as transaction_id,
        lower(trim(outcome)) as case_outcome,
        cast(loss_amount as numeric(15, 2)) as loss_amount,
        {{ to_utc('reported_at') }} as reported_at,
        {{ to_utc('resolved_at') }} as resolved_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
