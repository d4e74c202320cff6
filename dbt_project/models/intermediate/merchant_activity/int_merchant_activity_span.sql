with activities as (

    select * from {{ ref('stg_merchant_activity__activities') }}

),

-- A file speaks for one whole day, so the last day delivered is complete. File names rather than
-- row timestamps: a row may be dated anything.
final as (

    select
        min(file_date) as first_date,
        max(file_date) as last_complete_date
    from activities

)

select * from final
