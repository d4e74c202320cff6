{#- The days on which the terms of each bank, product or merchant were in force, of the versions that a
    snapshot has kept. CTEs for a model, the last of them `in_force`: the key, version_number,
    valid_from_date, valid_to_date, the terms and is_current; a row for each version that began by the
    as-of day.

    The source says when it changed a row. Where it does not, the day of the build that saw it counts.

    versions: relation as a snapshot, with updated_at, when the source last changed the row.
    key: column whose versions they are.
    terms: columns; a row that was touched and has the same terms is no version.
    domain: whose days, an entry of the variable domains.
    first_day: date on which the first version begins, where it is before the last change of its row;
        none where what was before that change is not known. -#}
{% macro terms_in_force(versions, key, terms, domain, first_day=none) -%}
compared as (

    select
        *,
        lag(updated_at) over (partition by {{ key }} order by dbt_valid_from)
            as previous_updated_at,
        row_number() over (partition by {{ key }} order by dbt_valid_from) as seen_number,
        {%- for term in terms %}
        lag({{ term }}) over (partition by {{ key }} order by dbt_valid_from)
            as previous_{{ term }},
        {%- endfor %}
        max(dbt_valid_from) over (partition by {{ key }}) as last_valid_from
    from {{ versions }}

),

dated as (

    select
        {{ key }},
        seen_number,
        {%- for term in terms %}
        {{ term }},
        {%- endfor %}
        case
            {%- if first_day %}
            when
                seen_number = 1
                and {{ first_day }} < {{ business_date('updated_at', domain) }}
                then {{ first_day }}
            {%- endif %}
            when seen_number = 1 or updated_at > previous_updated_at
                then {{ business_date('updated_at', domain) }}
            else {{ business_date('dbt_valid_from', domain) }}
        end as valid_from_date
    from compared
    where
        seen_number = 1
        {%- for term in terms %}
        or coalesce(cast({{ term }} as {{ dbt.type_string() }}), '')
        <> coalesce(cast(previous_{{ term }} as {{ dbt.type_string() }}), '')
        {%- endfor %}

),

ended as (

    select
        {{ key }},
        max({{ business_date('dbt_valid_to', domain) }}) as gone_date
    from compared
    where dbt_valid_from = last_valid_from
    group by {{ key }}

),

-- A clock that was put back begins no version before the one that was seen earlier.
begun as (

    select
        {{ key }},
        seen_number,
        {%- for term in terms %}
        {{ term }},
        {%- endfor %}
        max(valid_from_date) over (
            partition by {{ key }} order by seen_number
            rows between unbounded preceding and current row
        ) as valid_from_date
    from dated

),

-- Of two versions of a day the later one is that of the day.
in_order as (

    select
        *,
        lead(valid_from_date) over (partition by {{ key }} order by seen_number) as next_from_date
    from begun
    where valid_from_date <= {{ as_of_date(domain) }}

),

in_force as (

    select
        in_order.{{ key }},
        cast(
            row_number() over (partition by in_order.{{ key }} order by in_order.seen_number)
            as bigint
        ) as version_number,
        in_order.valid_from_date,
        case
            when in_order.next_from_date is not null
                then {{ add_days('in_order.next_from_date', -1) }}
            when ended.gone_date <= in_order.valid_from_date then in_order.valid_from_date
            when ended.gone_date <= {{ as_of_date(domain) }}
                then {{ add_days('ended.gone_date', -1) }}
        end as valid_to_date,
        {%- for term in terms %}
        in_order.{{ term }},
        {%- endfor %}
        in_order.next_from_date is null
        and coalesce(ended.gone_date > {{ as_of_date(domain) }}, true) as is_current
    from in_order
    inner join ended
        on in_order.{{ key }} = ended.{{ key }}
    where in_order.next_from_date is null or in_order.next_from_date > in_order.valid_from_date

)
{%- endmacro %}
