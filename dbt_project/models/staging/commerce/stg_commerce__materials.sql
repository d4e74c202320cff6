with source as (

    select * from {{ source('commerce', 'materials') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as material_id,
        material_number,
        description as material_description,
        cast(unit_cost as numeric(12, 4)) as unit_cost,
        cast(unit_price as numeric(12, 4)) as unit_price,
        cast(lead_time_days as integer) as lead_time_days,
        cast(review_period_days as integer) as review_period_days,
        cast(ordering_cost as numeric(12, 2)) as ordering_cost,
        cast(storage_cost_pct as numeric(6, 4)) as storage_cost_pct,
        cast(service_level_pct as numeric(12, 10)) as service_level_pct,
        cast(min_order_cases as numeric(12, 3)) as min_order_cases,
        cast(shortage_cost as numeric(12, 2)) as shortage_cost,
        cast(obsolete_after_days as integer) as obsolete_after_days,
        is_merchandise,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

)

select * from renamed
