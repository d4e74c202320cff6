with installments as (

    select * from {{ ref('stg_microfinance__loan_schedules') }}

),

versions as (

    select
        loan_id,
        schedule_version,
        min(effective_date) as effective_date
    from installments
    where effective_date <= {{ as_of_date('microfinance') }}
    group by loan_id, schedule_version

),

-- A schedule is in force from its effective date until a restructuring puts the next one in its
-- place.
final as (

    select
        loan_id,
        schedule_version,
        effective_date,
        lead(effective_date) over (
            partition by loan_id order by schedule_version
        ) as next_effective_date,
        row_number() over (partition by loan_id order by schedule_version) = 1 as is_first_version
    from versions

)

select * from final
