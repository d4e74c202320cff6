with source as (

    select * from {{ source('microfinance', 'operating_costs') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as operating_cost_id,
        category as cost_category,
        cast(amount as numeric(15, 2)) as cost_amount,
        active as is_active,
        {{ month_start('cost_month') }} as cost_month,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
