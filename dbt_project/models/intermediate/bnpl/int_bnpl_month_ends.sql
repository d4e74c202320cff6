with months as (

    {{ month_spine('bnpl') }}

),

-- Plans are looked at on the last day of each month, and of the running one on the as-of day.
final as (

    select
        month_start,
        least(month_end, {{ as_of_date('bnpl') }}) as snapshot_date,
        is_complete_period,
        months_since_launch
    from months

)

select * from final
