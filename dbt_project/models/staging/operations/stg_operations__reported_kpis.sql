with source as (

    select * from {{ source('operations', 'reported_kpis') }}

),

renamed as (

    select
        publication_id,
        kpi_code,
        period_grain,
        cause_kind,
        cause_batches,
        cast(numerator as numeric(26, 8)) as numerator,
        cast(denominator as numeric(26, 8)) as denominator,
        cast(value as numeric(26, 8)) as value,
        cast(period_start as date) as period_start,
        cast(loaded_until as timestamp) as loaded_until,
        cast(restated_at as timestamp) as restated_at
    from source

)

select * from renamed
