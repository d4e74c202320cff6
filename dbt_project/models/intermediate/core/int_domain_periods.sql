{{ config(materialized='table') }}

with spans as (

    {% for domain in var('domains') %}
    select
        '{{ domain }}' as domain,
        first_date,
        last_complete_date
    from {{ ref('int_' ~ domain ~ '_span') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

settings as (

    {% for domain, setting in var('domains').items() %}
    select
        '{{ domain }}' as domain,
        '{{ setting["currency"] }}' as currency_code,
        cast(
            {{ "'" ~ setting['launch_month'] ~ "'" if setting['launch_month'] else 'null' }} as date
        ) as launch_month
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
