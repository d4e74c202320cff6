with source as (

    select * from {{ source('wallet', 'bank_partnerships') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as bank_partnership_id,
        bank_code,
        bank_name,
        lower(trim(status)) as partnership_status,
        cast(monthly_fee as numeric(10, 2)) as monthly_fee_amount,
        -- Named a percentage in the source, held as a fraction: 0.0025 is 0.25 %.
        cast(transaction_fee_percentage as numeric(5, 4)) as transaction_fee_rate,
        cast(contract_start_date as date) as contract_start_date,
        cast(contract_end_date as date) as contract_end_date,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
