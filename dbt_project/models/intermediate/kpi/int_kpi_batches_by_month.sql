with final as (

    {% for domain in var('domains') %}
    select
        '{{ domain }}' as domain,
        batch_id,
        month_start
    from {{ ref('int_' ~ domain ~ '_batches_by_month') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
