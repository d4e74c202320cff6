with activities as (

    select * from {{ ref('stg_merchant_activity__activities') }}

),

final as (

    select distinct
        _batch_id as batch_id,
        {{ month_start('activity_date') }} as month_start
    from activities
    where activity_date is not null

)

select * from final
