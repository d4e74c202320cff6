{#- One row: a domain's first day and its last complete one (first_date, last_complete_date), each
    null while there is no data. See `begins` and `clock` of var domains.

    A day is complete when the tables of the clock were read after its end, by the source's own
    clock and in the domain's time zone, whether or not a later row has come: a business that is
    closed at weekends is complete up to Friday on Saturday morning. Days without a row are spoken
    for as far as var quiet_days goes, within the month of the newest row: what was loaded long
    after it is history, and ends there.

    A load of a version that did not note the source's time is taken to end amid its newest day. -#}
{% macro domain_span(domain) -%}
    {%- set settings = var('domains')[domain] -%}
    {%- set newest = 'recorded.newest_date' -%}
    {%- set last_loaded = add_days(business_date('reached.source_time', domain), -1) -%}
    select
        first_days.first_date,
        case
            {%- if settings['newest_day_is_complete'] %}
            when {{ newest }} is not null then {{ newest }}
            {%- else %}
            when {{ newest }} is null then null
            when reached.source_time is null then {{ add_days(newest, -1) }}
            else least(
                {{ last_loaded }},
                {{ add_days(newest, var('quiet_days')) }},
                {{ last_day_of_month(newest) }}
            )
            {%- endif %}
        end as last_complete_date
    from (
        select min(seen_date) as first_date
        from (
            {%- for column in settings['begins'] %}
            select min({{ column['date'] }}) as seen_date
            from {{ ref(column['model']) }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as begun
    ) as first_days
    cross join (
        select max(seen_date) as newest_date
        from (
            {%- for column in settings['clock'] %}
            select max({{ column['date'] }}) as seen_date
            from {{ ref(column['model']) }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as seen
    ) as recorded
    {%- if not settings['newest_day_is_complete'] %}
    cross join ({{ source_time_reached(domain) }}) as reached
    {%- endif %}
{%- endmacro %}

{#- One row: up to when all tables of a domain's clock have been read, by the source's own clock
    (source_time, naive UTC); null where no load has noted it. -#}
{% macro source_time_reached(domain) -%}
    select min(source_time) as source_time
    from (
        {%- for column in var('domains')[domain]['clock'] %}
        {%- set raw = raw_table_of(column) %}
        select max(source_time) as source_time
        from {{ ref('stg_operations__load_log') }}
        where
            load_status = 'succeeded'
            and source_name = '{{ raw.source }}'
            and table_name = '{{ raw.table }}'
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as tables_read
{%- endmacro %}
