with verifications as (

    select * from {{ ref('int_bnpl_kyc_timed') }}

),

months as (

    {{ month_spine('bnpl') }}

),

levels as (

    select distinct kyc_level
    from verifications

),

submitted as (

    select
        kyc_level,
        {{ month_start('submitted_date') }} as month_start,
        cast(count(*) as bigint) as submitted_count,
        {{ count_where("kyc_status = 'EXPIRED'") }} as expired_count
    from verifications
    group by kyc_level, {{ month_start('submitted_date') }}

),

decided as (

    select
        kyc_level,
        {{ month_start('decided_date') }} as month_start,
        cast(count(distinct customer_id) as bigint) as customer_count,
        {{ bnpl_kyc_measures() }}
    from verifications
    where is_decided
    group by kyc_level, {{ month_start('decided_date') }}

),

-- Open at the end of the month, whatever became of it later.
pending as (

    select
        months.month_start,
        verifications.kyc_level,
        cast(count(*) as bigint) as pending_count
    from months
    inner join verifications
        on
            months.month_end >= verifications.submitted_date
            and (
                verifications.decided_date is null
                or months.month_end < verifications.decided_date
            )
    where verifications.kyc_status <> 'EXPIRED'
    group by months.month_start, verifications.kyc_level

),

final as (

    select
        months.month_start,
        levels.kyc_level,
        coalesce(submitted.submitted_count, 0) as submitted_count,
        coalesce(submitted.expired_count, 0) as expired_count,
        coalesce(decided.decided_count, 0) as decided_count,
        coalesce(decided.customer_count, 0) as customer_count,
        coalesce(decided.approved_count, 0) as approved_count,
        coalesce(decided.decided_count - decided.approved_count, 0) as rejected_count,
        coalesce(pending.pending_count, 0) as pending_count,
        {{ ratio('decided.approved_count', 'decided.decided_count') }} as pass_rate,
        decided.median_decision_hours,
        months.is_complete_period
    from months
    cross join levels
    left join submitted
        on
            months.month_start = submitted.month_start
            and levels.kyc_level = submitted.kyc_level
    left join decided
        on
            months.month_start = decided.month_start
            and levels.kyc_level = decided.kyc_level
    left join pending
        on
            months.month_start = pending.month_start
            and levels.kyc_level = pending.kyc_level

)

select * from final
