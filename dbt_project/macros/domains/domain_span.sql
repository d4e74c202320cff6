{#- One row: a domain's first day and its last complete one (first_date, last_complete_date), each
    null while there is no data. See `begins` and `clock` of var domains. -#}
{% macro domain_span(domain) -%}
    {%- set settings = var('domains')[domain] -%}
    {%- set newest = 'max(seen_date)' -%}
    select
        first_days.first_date,
        last_days.last_complete_date
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
        select
            {{ newest if settings['newest_day_is_complete'] else add_days(newest, -1) }}
            as last_complete_date
        from (
            {%- for column in settings['clock'] %}
            select max({{ column['date'] }}) as seen_date
            from {{ ref(column['model']) }}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        ) as recorded
    ) as last_days
{%- endmacro %}
