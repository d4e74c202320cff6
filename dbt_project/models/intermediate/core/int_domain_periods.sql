{{ config(materialized='table') }}

with spans as (

    {% for domain in domains() %}
    select
        '{{ domain }}' as domain,
        bounds.first_date,
        bounds.last_complete_date
    from ({{ domain_span(domain) }}) as bounds
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

settings as (

    {% for domain in domains() %}
    {%- set launch_month = var('domains')[domain]['launch_month'] %}
    select
        '{{ domain }}' as domain,
        '{{ currency_of(domain) }}' as currency_code,
        cast({{ "'" ~ launch_month ~ "'" if launch_month else 'null' }} as date) as launch_month
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        spans.domain,
        settings.currency_code,
        spans.first_date,
        coalesce(settings.launch_month, {{ month_start('spans.first_date') }}) as launch_month,
        {%- if var('as_of_date') %}
        -- A day beyond the last complete one cannot be spoken for.
        least(
            cast('{{ var("as_of_date") }}' as date),
            coalesce(spans.last_complete_date, cast('{{ var("as_of_date") }}' as date))
        ) as as_of_date
        {%- else %}
        spans.last_complete_date as as_of_date
        {%- endif %}
    from spans
    inner join settings
        on spans.domain = settings.domain

)

select * from final
