with periods as (

    select * from {{ ref('int_domain_periods') }}

),

labels as (

    {% for domain in domains() %}
    select
        '{{ domain }}' as domain,
        '{{ var("domains")[domain]["label"] }}' as domain_label
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        periods.domain,
        periods.as_of_date,
        {{ dbt.concat([
            'labels.domain_label',
            "' to '",
            "coalesce(cast(periods.as_of_date as " ~ dbt.type_string() ~ "), '(no data yet)')",
        ]) }} as data_until,
        {{ build_started_at() }} as built_at,
        -- The publication writes it into what it hands to readers.
        cast(null as timestamp) as published_at,
        cast({{ var('late_after_hours') }} as numeric(12, 2)) as late_after_hours,
        cast(null as {{ dbt.type_string() }}) as publication_id
    from periods
    inner join labels
        on periods.domain = labels.domain

)

select * from final
