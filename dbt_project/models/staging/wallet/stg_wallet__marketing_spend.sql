with source as (

    select * from {{ source('wallet', 'marketing_spend') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as marketing_spend_id,
        lower(trim(signup_source)) as signup_source,
        campaign,
        cast(amount as numeric(15, 2)) as spend_amount,
        cast(spend_date as date) as spend_date,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
