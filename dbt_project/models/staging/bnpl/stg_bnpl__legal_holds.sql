with source as (

    select * from {{ source('bnpl', 'legal_holds') }}

),

renamed as (

    select
        cast(id as {{ dbt.type_string() }}) as legal_hold_id,
        cast(subject_id as {{ dbt.type_string() }}) as subject_id,
        lower(trim(subject_type)) as subject_type,
        reason as hold_reason,
        authority,
        {{ to_utc('placed_at') }} as placed_at,
        {{ to_utc('released_at') }} as released_at,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        _loaded_at,
        _batch_id
    from source

),

final as (

    select
        *,
        {{ business_date('placed_at', 'bnpl') }} as placed_date,
        {{ business_date('released_at', 'bnpl') }} as released_date
    from renamed

)

select * from final
