with source as (

    select * from {{ source('operations', 'publications') }}

),

renamed as (

    select
        publication_id,
        mart_count,
        row_count,
        cast(published_at as timestamp) as published_at,
        cast(loaded_until as timestamp) as loaded_until
    from source

)

select * from renamed
