-- Every line of every file is an event, a repeated event, or of a file after the as-of date: bad
-- cells never cost a row.
with raw_activities as (

    select * from {{ source('merchant_activity', 'activities') }}

),

staged as (

    select * from {{ ref('stg_merchant_activity__activities') }}

),

activities as (

    select * from {{ ref('fct_activities') }}

),

counts as (

    select
        (select count(*) from raw_activities) as raw_row_count,
        (select count(*) from activities) as event_count,
        (
            select {{ count_where('is_duplicate') }}
            from staged
            where file_date <= {{ as_of_date('merchant_activity') }}
        ) as duplicate_count,
        (
            select count(*)
            from staged
            where file_date > {{ as_of_date('merchant_activity') }}
        ) as later_row_count

)

select *
from counts
where raw_row_count <> event_count + duplicate_count + later_row_count
