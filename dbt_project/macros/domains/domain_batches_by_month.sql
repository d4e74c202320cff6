{#- Which raw batches of a domain hold rows of which month (batch_id, month_start): what may have
    moved a month's KPIs. See `dated` of var domains. -#}
{% macro domain_batches_by_month(domain) -%}
    {%- set settings = var('domains')[domain] -%}
    select distinct
        batch_id,
        {{ month_start('business_date') }} as month_start
    from (
        {%- for table in settings['dated'] %}
        select
            dated._batch_id as batch_id,
            cast({{ 'via' if 'via' in table else 'dated' }}.{{ table['date'] }} as date)
            as business_date
        from {{ ref(table['model']) }} as dated
        {%- if 'via' in table %}
        inner join {{ ref(table['via']) }} as via
            on dated.{{ table['on'] }} = via.{{ table['on'] }}
        {%- endif %}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as rows_dated
    where
        {% if settings['has_future_dates'] -%}
        business_date <= {{ as_of_date(domain) }}
        {%- else -%}
        business_date is not null
        {%- endif %}
{%- endmacro %}
