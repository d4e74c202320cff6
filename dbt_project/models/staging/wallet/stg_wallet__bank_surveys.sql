with source as (

    select * from {{ source('wallet', 'bank_surveys') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as bank_survey_id,
        bank_id as bank_code,
        cast(score as integer) as satisfaction_score,
        {{ to_utc('surveyed_at') }} as surveyed_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('surveyed_at', 'wallet') }} as survey_date
    from renamed

)

select * from final
