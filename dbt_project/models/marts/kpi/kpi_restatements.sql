with restatements as (

    select * from {{ ref('int_kpi_restatements_traced') }}

),

final as (

    select
        kpi_code,
        domain,
        period_grain,
        period_start,
        change_number,
        old_numerator,
        old_denominator,
        old_value,
        new_numerator,
        new_denominator,
        new_value,
        cast(new_value - old_value as numeric(26, 8)) as value_change,
        reported_at,
        restated_at,
        cause_kind,
        cause_batches
    from restatements

)

select * from final
