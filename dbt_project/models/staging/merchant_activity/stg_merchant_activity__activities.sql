with source as (

    select * from {{ source('merchant_activity', 'activities') }}

),

renamed as (

    select
        -- A row without an id is known by its file and line.
        coalesce(nullif(trim(event_id), ''), _file_name || ':' || _line_number) as event_id,
        -- An empty merchant_id is no merchant.
        nullif(trim(merchant_id), '') as merchant_id,
        nullif(upper(trim(product)), '') as product,
        nullif(upper(trim(event_type)), '') as event_type,
        nullif(upper(trim(status)), '') as activity_status,
        nullif(upper(trim(channel)), '') as channel,
        nullif(upper(trim(region)), '') as region,
        nullif(upper(trim(merchant_tier)), '') as merchant_tier,
        amount as amount_text,
        event_timestamp as event_timestamp_text,
        _file_name as file_name,
        cast(_line_number as bigint) as line_number,
        {{ try_to_numeric('trim(amount)') }} as amount,
        -- Already local time: never shifted.
        {{ try_to_timestamp('trim(event_timestamp)') }} as event_local_at,
        -- activities_20240131.csv covers 2024-01-31.
        cast(
            substr(_file_name, 12, 4) || '-' || substr(_file_name, 16, 2) || '-'
            || substr(_file_name, 18, 2) as date
        ) as file_date,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        cast(event_local_at as date) as activity_date,
        row_number() over (partition by event_id order by file_name, line_number) > 1
            as is_duplicate
    from renamed

)

select * from final
