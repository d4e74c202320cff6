with source as (

    select * from {{ source('operations', 'access_log_daily') }}

),

renamed as (

    select
        channel as access_channel,
        user_name,
        mart_name,
        access_count,
        access_date
    from source

)

select * from renamed
