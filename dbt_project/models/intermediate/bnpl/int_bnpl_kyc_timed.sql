with verifications as (

    select * from {{ ref('stg_bnpl__kyc_verifications') }}

),

-- As of the day: what is decided later is open on it.
known as (

    select
        *,
        coalesce(decided_date <= {{ as_of_date('bnpl') }}, false) as is_decided
    from verifications
    where submitted_date <= {{ as_of_date('bnpl') }}

),

final as (

    select
        kyc_verification_id,
        customer_id,
        kyc_level,
        case when is_decided or kyc_status = 'EXPIRED' then kyc_status else 'SUBMITTED' end
            as kyc_status,
        is_decided,
        is_decided and kyc_status = 'APPROVED' as is_approved,
        cast(
            case
                when is_decided
                    then {{ ratio(seconds_between('submitted_at', 'decided_at'), 3600) }}
            end as numeric(26, 8)
        ) as decision_hours,
        submitted_date,
        case when is_decided then decided_date end as decided_date
    from known

)

select * from final
