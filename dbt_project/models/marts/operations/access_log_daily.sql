with accesses as (

    select * from {{ ref('stg_operations__access_log_daily') }}

),

marts as (

    select * from {{ ref('int_marts_classified') }}

),

final as (

    select
        accesses.access_date,
        accesses.access_channel,
        accesses.user_name,
        accesses.mart_name,
        marts.mart_data_class,
        cast(accesses.access_count as bigint) as access_count
    from accesses
    left join marts
        on accesses.mart_name = marts.mart_name

)

select * from final
