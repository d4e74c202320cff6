with source as (

    select * from {{ source('microfinance', 'loans') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as loan_id,
        cast(user_id as {{ dbt.type_string() }}) as customer_id,
        cast(loan_product_id as {{ dbt.type_string() }}) as loan_product_id,
        cast(branch_id as {{ dbt.type_string() }}) as branch_id,
        cast(account_id as {{ dbt.type_string() }}) as account_id,
        loan_number,
        upper(trim(status)) as loan_status,
        cast(principal_amount as numeric(15, 2)) as requested_amount,
        cast(approved_amount as numeric(15, 2)) as approved_amount,
        cast(interest_rate as numeric(6, 4)) as interest_rate,
        cast(processing_fee as numeric(15, 2)) as processing_fee_amount,
        cast(repayment_amount as numeric(15, 2)) as repayment_amount,
        cast(repayment_months as integer) as repayment_months,
        cast(total_paid as numeric(15, 2)) as total_paid_amount,
        cast(balance as numeric(15, 2)) as balance_amount,
        cast(written_off_amount as numeric(15, 2)) as written_off_amount,
        active as is_active,
        application_date,
        approved_date,
        disbursed_date,
        due_date as maturity_date,
        {{ to_utc('written_off_at') }} as written_off_at,
        {{ to_utc('date_created') }} as created_at,
        {{ to_utc('date_updated') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('written_off_at', 'microfinance') }} as written_off_date,
        {{ business_date('created_at', 'microfinance') }} as created_date
    from renamed

)

select * from final
