with source as (

    select * from {{ source('microfinance', 'branches') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as branch_id,
        name as branch_name,
        region,
        active as is_active,
        opened_on as opened_date,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
