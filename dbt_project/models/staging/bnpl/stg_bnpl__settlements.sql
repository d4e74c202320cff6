with source as (

    select * from {{ source('bnpl', 'settlements') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as settlement_id,
        cast(merchant_id as {{ dbt.type_string() }}) as merchant_id,
        cast(gross as numeric(15, 2)) as gross_amount,
        cast(commission as numeric(15, 2)) as commission_amount,
        cast(refunds as numeric(15, 2)) as refund_amount,
        cast(net as numeric(15, 2)) as net_amount,
        period_start as period_start_date,
        period_end as period_end_date,
        due_on as due_date,
        {{ to_utc('paid_at') }} as paid_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('paid_at', 'bnpl') }} as paid_date
    from renamed

)

select * from final
