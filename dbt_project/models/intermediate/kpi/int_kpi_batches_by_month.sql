{{ config(materialized='table') }}

with final as (

    {% for domain in domains() %}
    select
        '{{ domain }}' as domain,
        batches.batch_id,
        batches.month_start
    from ({{ domain_batches_by_month(domain) }}) as batches
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
